/* SPDX-License-Identifier: MIT */
/* Containers are walked breadth first, like tables in the other direction:
 * a table is made when its container is first met, and filled in its turn. */
#include "convert/to_lua.h"

#include <stdlib.h>

#include "convert/registered.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "handle/lua_handle.h"
#include "handle/protocol.h"
#include "handle/py_handle.h"
#include "tensor/provider.h"

PyAPI_DATA(PyTypeObject) PyGen_Type;

/* ---- scalars ---- */

/* 1 pushed, 0 not exactly a Lua number. */
static int
push_int(lua_State *L, PyObject *obj)
{
    int overflow;
    long long i = PyLong_AsLongLongAndOverflow(obj, &overflow);
    if (overflow) {
        return 0;
    }
#if LP_LUA53_UP
    lua_pushinteger(L, i);
#else
    if (i > 9007199254740992LL || i < -9007199254740992LL) {
        return 0;
    }
    lua_pushnumber(L, (lua_Number)i);
#endif
    return 1;
}

int
lp_push_scalar(lua_State *L, struct lp_state *S, PyObject *obj, int flags)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type == &PyFloat_Type) {
        lua_pushnumber(L, PyFloat_AsDouble(obj));
        return 1;
    }
    if (type == &PyLong_Type) {
        return push_int(L, obj);
    }
    if (obj == Py_None) {
        if (flags & LP_KEEP_NONE) {
            lp_push_slot(S, L, LP_SLOT_NONE);
        }
        else {
            lua_pushnil(L);
        }
        return 1;
    }
    if (type == &PyBool_Type) {
        lua_pushboolean(L, obj == Py_True);
        return 1;
    }
    return 0;
}

/* ---- the walk ---- */

struct item {
    PyObject *source; /* owned: keeps the memo's address valid */
    PyObject *filled_from; /* owned: list, tuple, dict or list of a set */
    enum { SEQUENCE, MAPPING, SET } kind;
};

struct walk {
    struct lp_view *view;
    PyObject *root; /* borrowed from the caller */
    int flags;
    struct item *items;
    size_t n, cap;
    struct lp_ptrmap memo; /* address of a container -> index of its item */
    PyObject *key, *value; /* owned: the element being converted */
    PyObject *temp;        /* owned: an intermediate form of it */
};

enum { /* stack of walk_body */
    QUEUE = 2, /* table: item index + 1 -> table; nil until the first one */
    TABLE = 3  /* the one being filled */
};

static void
walk_free(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        Py_DECREF(w->items[i].source);
        Py_DECREF(w->items[i].filled_from);
    }
    free(w->items);
    Py_XDECREF(w->key);
    Py_XDECREF(w->value);
    Py_XDECREF(w->temp);
    lp_ptrmap_free(&w->memo);
}

/* Replace what a field of the walk owns. */
static void
set_owned(PyObject **field, LP_STEALS PyObject *obj)
{
    PyObject *old = *field;
    *field = obj;
    Py_XDECREF(old);
}

static int push_any(struct walk *w, struct lp_state *S, lua_State *L,
                    PyObject *obj, int flags);

/* An iterable as a list.  Its iterator may be Python code. */
static PyObject *
materialise(struct lp_state *S, PyObject *obj)
{
    lp_python_runs(S);
    PyObject *list = PySequence_List(obj);
    lp_python_ran(S);
    return list;
}

/* Is it a container that becomes a table?  -1 no; else its kind. */
static int
container_kind(PyObject *obj, int *must_materialise)
{
    PyTypeObject *type = Py_TYPE(obj);
    *must_materialise = 0;
    if (PyList_Check(obj) || PyTuple_Check(obj)) {
        return SEQUENCE;
    }
    if (PyDict_Check(obj)) {
        return MAPPING;
    }
    *must_materialise = 1;
    if (PyAnySet_Check(obj)) {
        return SET;
    }
    if (type == &PyRange_Type || type == &PyMap_Type || type == &PyZip_Type ||
        type == &PyFilter_Type || PyType_IsSubtype(type, &PyDictKeys_Type) ||
        PyType_IsSubtype(type, &PyDictValues_Type) ||
        PyType_IsSubtype(type, &PyDictItems_Type) || type == &PyGen_Type) {
        return SEQUENCE;
    }
    return -1;
}

/* [+1] Push the table of a container, made and queued if it is new. */
static int
push_container(struct walk *w, struct lp_state *S, lua_State *L,
               PyObject *obj, int kind, int must_materialise)
{
    intptr_t known = lp_ptrmap_get(&w->memo, obj);
    if (known != -1) {
        lua_rawgeti(L, QUEUE, (int)known + 1);
        return 0;
    }
    PyObject *from;
    if (must_materialise) {
        from = materialise(S, obj);
        if (from == NULL) {
            return -1;
        }
    }
    else {
        Py_INCREF(obj);
        from = obj;
    }
    if (w->n == w->cap) {
        size_t cap = w->cap == 0 ? 8 : w->cap * 2;
        struct item *items = realloc(w->items, cap * sizeof *items);
        if (items == NULL) {
            Py_DECREF(from);
            PyErr_NoMemory();
            return -1;
        }
        w->items = items;
        w->cap = cap;
    }
    if (lp_ptrmap_set(&w->memo, obj, (intptr_t)w->n) < 0) {
        Py_DECREF(from);
        PyErr_NoMemory();
        return -1;
    }
    Py_INCREF(obj);
    w->items[w->n++] = (struct item){obj, from, kind};
    if (lua_isnil(L, QUEUE)) {
        lua_newtable(L);
        lua_replace(L, QUEUE);
    }
    Py_ssize_t size = PyObject_Size(from);
    int hint = size > 0 && size < (1 << 26) ? (int)size : 0;
    lua_createtable(L, kind == SEQUENCE ? hint : 0,
                    kind == SEQUENCE ? 0 : hint);
    lua_pushvalue(L, -1);
    lua_rawseti(L, QUEUE, (int)w->n);
    return 0;
}

static int
push_unknown(struct walk *w, struct lp_state *S, lua_State *L, PyObject *obj)
{
    if (w->view->unknown_error) {
        PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(obj),
                                                "__name__");
        if (type != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "no conversion to Lua for Python type '%U' "
                         "(py.reval gives a reference)",
                         type);
            Py_DECREF(type);
        }
        return -1;
    }
    enum lp_protocol protocol;
    PyObject *inner = lp_protocol_of(obj, &protocol);
    if (protocol == LP_BY_VIEW) {
        lp_push_ref_or_jump(L, S, w->view, obj);
    }
    else { /* never the userdata that stands for the object itself */
        struct lp_member *m = lp_new_member_or_jump(L, S, w->view);
        Py_INCREF(inner);
        m->h.obj = inner;
        m->protocol = protocol;
        S->n_refs++;
    }
    return 0;
}

/* [GIL] The error of a str that no Lua string can be names the ways out. */
static void
explain_surrogate(void)
{
    PyObject *exc = lp_take_raised();
    PyObject *reason = PyUnicode_FromString(
        "a surrogate that stands for no byte, which Lua strings cannot have: "
        "py.reval gives a reference, x.encode('utf-8', 'surrogatepass') bytes");
    if (reason == NULL ||
        PyObject_SetAttrString(exc, "reason", reason) < 0) {
        PyErr_Clear();
    }
    Py_XDECREF(reason);
    lp_set_raised(exc);
}

/* [+1] str: UTF-8, with escaped bytes as they were. */
static int
push_str(struct walk *w, lua_State *L, PyObject *obj)
{
    Py_ssize_t n;
    const char *s = w->view->encoding[0] == '\0'
                        ? PyUnicode_AsUTF8AndSize(obj, &n)
                        : NULL;
    if (s != NULL) {
        lua_pushlstring(L, s, (size_t)n);
        return 0;
    }
    PyErr_Clear();
    set_owned(&w->temp,
              w->view->encoding[0] == '\0'
                  ? PyUnicode_AsEncodedString(obj, "utf-8", "surrogateescape")
                  : PyUnicode_AsEncodedString(obj, w->view->encoding,
                                              "strict"));
    char *bytes;
    if (w->temp == NULL) {
        if (w->view->encoding[0] == '\0' &&
            PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            explain_surrogate();
        }
        return -1;
    }
    if (PyBytes_AsStringAndSize(w->temp, &bytes, &n) < 0) {
        return -1;
    }
    lua_pushlstring(L, bytes, (size_t)n);
    return 0;
}

/* [+0|1] bytes and kin: 1 pushed, 0 something else, -1 error. */
static int
push_bytes(struct walk *w, lua_State *L, PyObject *obj)
{
    char *s;
    Py_ssize_t n;
    if (PyByteArray_Check(obj)) {
        s = PyByteArray_AsString(obj);
        n = PyByteArray_Size(obj);
    }
    else {
        if (PyMemoryView_Check(obj)) {
            PyObject *bytes = PyBytes_FromObject(obj);
            if (bytes == NULL) {
                return -1;
            }
            set_owned(&w->temp, bytes);
            obj = bytes;
        }
        if (!PyBytes_Check(obj)) {
            return 0;
        }
        if (PyBytes_AsStringAndSize(obj, &s, &n) < 0) {
            return -1;
        }
    }
    lua_pushlstring(L, s, (size_t)n);
    return 1;
}

/* [+1] pyhelper: an int that no Lua number is, by the overflow handler. */
static int
push_overflow(struct walk *w, struct lp_state *S, lua_State *L, PyObject *obj,
              int flags)
{
    PyObject *handler = w->view->overflow;
    if (handler == NULL) {
        PyErr_SetString(PyExc_OverflowError,
                        "this int does not fit into a Lua number (an "
                        "overflow_handler can convert it)");
        return -1;
    }
    /* A handler written in Lua gets it as a reference, not by a handler. */
    PyObject *arg = lp_protocol_new(obj, LP_ATTRIBUTES), *value = NULL;
    Py_INCREF(handler);
    if (arg != NULL) {
        lp_python_runs(S);
        value = PyObject_CallFunctionObjArgs(
            handler, lp_is_lua_object(handler) ? arg : obj, NULL);
        lp_python_ran(S);
        Py_DECREF(arg);
    }
    Py_DECREF(handler);
    if (value == NULL) {
        return -1;
    }
    set_owned(&w->temp, value);
    if (PyLong_Check(value)) { /* as it is: the handler had its say */
        return push_int(L, value) ? 0 : push_unknown(w, S, L, value);
    }
    return push_any(w, S, L, value, flags);
}

/* [+0|1] Arrays, NumPy scalars: 1 pushed, 0 something else, -1 error. */
static int
push_array(struct walk *w, struct lp_state *S, lua_State *L, PyObject *obj,
           int flags)
{
    PyObject *plain = NULL;
    switch (lp_array_kind(S, obj)) {
    case LP_NOT_ARRAY:
        return 0;
    case LP_ARRAY:
        if (w->view->python_first && !w->view->tensors) {
            return 0; /* a reference: these views convert no containers */
        }
        return lp_tensor_push(S, L, obj, 0, flags & LP_NESTED);
    case LP_BOOLEAN:
        lua_pushboolean(L, PyObject_IsTrue(obj));
        return 1;
    case LP_INTEGER:
        plain = PyNumber_Index(obj);
        break;
    case LP_FLOAT:
        plain = PyNumber_Float(obj);
        break;
    case LP_SCALAR:
        lp_python_runs(S);
        plain = PyObject_CallMethod(obj, "item", NULL);
        lp_python_ran(S);
        break;
    case LP_TABLE:
        if (w->view->python_first) {
            return 0;
        }
        plain = PyObject_CallMethod(obj, "tolist", NULL);
        break;
    default:
        return -1;
    }
    if (plain == NULL) {
        return -1;
    }
    set_owned(&w->temp, plain);
    return push_any(w, S, L, plain, flags) < 0 ? -1 : 1;
}

/* [+1] Convert one object; 0 or -1. */
static int
push_any(struct walk *w, struct lp_state *S, lua_State *L, PyObject *obj,
         int flags)
{
    if (lp_push_scalar(L, S, obj, flags)) {
        return 0;
    }
    if (PyUnicode_Check(obj)) {
        /* Where strings are bytes, text stays what it is in Python. */
        return w->view->python_first && w->view->strings_bytes &&
                       !(flags & LP_AS_KEY)
                   ? push_unknown(w, S, L, obj)
                   : push_str(w, L, obj);
    }
    if (w->view->has_converters) {
        int done = lp_registered_to_lua(S, L, obj, w->view);
        if (done != 0) {
            return done < 0 ? -1 : 0;
        }
    }
    int must_materialise;
    int kind = container_kind(obj, &must_materialise);
    if (kind >= 0 && !(flags & LP_SHALLOW)) {
        return push_container(w, S, L, obj, kind, must_materialise);
    }
    if (lp_is_lua_object(obj) && (w->view->python_first ||
                                  ((struct lp_lua_object *)obj)->S == S)) {
        return lp_push_lua(S, L, obj);
    }
    int done = push_bytes(w, L, obj);
    if (done != 0) {
        return done < 0 ? -1 : 0;
    }
    if (PyLong_Check(obj)) { /* a subclass, or too large */
        return push_int(L, obj) ? 0
               : w->view->python_first
                   ? push_overflow(w, S, L, obj, flags)
                   : push_unknown(w, S, L, obj);
    }
    if (PyFloat_Check(obj)) {
        lua_pushnumber(L, PyFloat_AsDouble(obj));
        return 0;
    }
    done = push_array(w, S, L, obj, flags);
    if (done != 0) {
        return done < 0 ? -1 : 0;
    }
    return push_unknown(w, S, L, obj);
}

static int
fill_sequence(struct walk *w, struct lp_state *S, lua_State *L, PyObject *seq)
{
    int flags = (w->flags & LP_KEEP_NONE) | LP_NESTED;
    int is_list = PyList_Check(seq);
    Py_ssize_t size = is_list ? PyList_Size(seq) : PyTuple_Size(seq);
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *element =
            is_list ? PyList_GetItem(seq, i) : PyTuple_GetItem(seq, i);
        if (!lp_push_scalar(L, S, element, flags)) {
            Py_INCREF(element);
            set_owned(&w->value, element);
            if (push_any(w, S, L, element, flags) < 0) {
                return -1;
            }
            if (is_list) { /* Python code may have run and changed it */
                size = PyList_Size(seq);
            }
        }
        lua_rawseti(L, TABLE, (int)(i + 1));
    }
    return 0;
}

/* [+1] A dict's key or a set's element as a table key. */
static int
push_key(struct walk *w, struct lp_state *S, lua_State *L, PyObject *key)
{
    if (key == Py_None) {
        lp_push_slot(S, L, LP_SLOT_NONE); /* nil cannot be a key */
        return 0;
    }
    if (PyFloat_Check(key)) {
        double d = PyFloat_AsDouble(key);
        if (d != d) {
            PyErr_SetString(PyExc_ValueError,
                            "the key nan has no place in a Lua table");
            return -1;
        }
    }
    /* Containers as keys would be new tables that nobody can look up. */
    return push_any(w, S, L, key, LP_SHALLOW | LP_NESTED);
}

static int
fill_mapping(struct walk *w, struct lp_state *S, lua_State *L, PyObject *dict)
{
    int flags = (w->flags & LP_KEEP_NONE) | LP_NESTED;
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (value == Py_None && !(flags & LP_KEEP_NONE)) {
            continue;
        }
        Py_INCREF(key);
        Py_INCREF(value);
        set_owned(&w->key, key);
        set_owned(&w->value, value);
        if (push_key(w, S, L, key) < 0 ||
            push_any(w, S, L, value, flags) < 0) {
            return -1;
        }
        lua_rawset(L, TABLE);
    }
    return 0;
}

static int
fill_set(struct walk *w, struct lp_state *S, lua_State *L, PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        if (push_key(w, S, L, PyList_GetItem(list, i)) < 0) {
            return -1;
        }
        lua_pushboolean(L, 1);
        lua_rawset(L, TABLE);
    }
    return 0;
}

static int
walk_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct walk *w = ctx;
    /* Python code that runs meanwhile may call Lua on top of this. */
    luaL_checkstack(L, 32, "lua-py: converting a container");
    lua_settop(L, TABLE); /* both nil */
    if (push_any(w, S, L, w->root, w->flags) < 0) {
        return -1;
    }
    int result = lua_gettop(L);
    for (size_t i = 0; i < w->n; i++) {
        lua_rawgeti(L, QUEUE, (int)i + 1);
        lua_replace(L, TABLE);
        PyObject *from = w->items[i].filled_from;
        int done = w->items[i].kind == SEQUENCE ? fill_sequence(w, S, L, from)
                   : w->items[i].kind == MAPPING
                       ? fill_mapping(w, S, L, from)
                       : fill_set(w, S, L, from);
        if (done < 0) {
            return -1;
        }
        lua_settop(L, result);
    }
    return 1;
}

/* Text alone needs no walk: one string, pushed in a protected call. */
struct text {
    const char *utf8;
    size_t size;
};

static int
text_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct text *text = ctx;
    (void)S;
    lua_pushlstring(L, text->utf8, text->size);
    return 1;
}

/* The UTF-8 form of a str that becomes a string as it is; else NULL. */
static const char *
plain_text(PyObject *obj, struct lp_view *view, Py_ssize_t *size)
{
    if (Py_TYPE(obj) != &PyUnicode_Type || view->encoding[0] != '\0' ||
        (view->python_first && view->strings_bytes)) {
        return NULL;
    }
    const char *utf8 = PyUnicode_AsUTF8AndSize(obj, size);
    if (utf8 == NULL) {
        PyErr_Clear();
    }
    return utf8;
}

int
lp_push_value(struct lp_state *S, lua_State *L, PyObject *obj,
              struct lp_view *view, int flags)
{
    if (lp_push_scalar(L, S, obj, flags)) {
        return 0;
    }
    if (view->python_first && !(flags & LP_DEEP)) {
        flags |= LP_SHALLOW;
    }
    Py_ssize_t size;
    const char *utf8 = plain_text(obj, view, &size);
    if (utf8 != NULL) {
        struct text text = {utf8, (size_t)size};
        return lp_protect(S, L, text_body, &text, 0, 1);
    }
    struct walk w = {.view = view, .root = obj, .flags = flags};
    int result = lp_protect(S, L, walk_body, &w, 0, 1);
    walk_free(&w);
    return result;
}

struct items {
    struct lp_view *view;
    PyObject *list; /* borrowed from the caller */
};

static int
items_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct items *items = ctx;
    int n = (int)PyList_Size(items->list);
    lua_settop(L, 0);
    luaL_checkstack(L, n + 16, "lua-py: too many items");
    for (int i = 0; i < n; i++) {
        PyObject *item = PyList_GetItem(items->list, i);
        if (item == NULL ||
            lp_push_value(S, L, item, items->view, 0) < 0) {
            return -1;
        }
    }
    return n;
}

int
lp_push_items(struct lp_state *S, lua_State *L, PyObject *list,
              struct lp_view *view)
{
    struct items items = {view, list};
    int top = lua_gettop(L);
    if (lp_protect(S, L, items_body, &items, 0, LUA_MULTRET) < 0) {
        return -1;
    }
    return lua_gettop(L) - top;
}
