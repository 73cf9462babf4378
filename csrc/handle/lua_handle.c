/* SPDX-License-Identifier: MIT */
#include "handle/lua_handle.h"

#include <stddef.h>
#include <string.h>

#include "cross/protect.h"
#include "handle/handle_cache.h"

PyTypeObject *lp_lua_types[LP_TCDATA + 1];
lp_vectorcall_fn lp_lua_vectorcall[LP_TCDATA + 1];
PyObject *(*lp_lua_order)(PyObject *a, PyObject *b, int op);

int
lp_is_lua_object(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    for (int i = 0; i <= LP_TCDATA; i++) {
        if (type == lp_lua_types[i]) {
            return 1;
        }
    }
    return lp_lua_types[0] != NULL &&
           PyType_IsSubtype(type, lp_lua_types[0]);
}

static int
anchor_body(lua_State *L, struct lp_state *S, void *ctx)
{
    int *ref = ctx;
    lua_settop(L, 2);
    *ref = lp_ref_or_jump(S, L);
    return 0;
}

static PyObject *
wrap(struct lp_state *S, lua_State *L, int index, struct lp_view *view,
     int cached)
{
    int kind = lua_type(L, index);
    const void *address = lua_topointer(L, index);
    PyTypeObject *type = lp_lua_types[kind];
    if (type == NULL) {
        type = lp_lua_types[LUA_TNIL];
    }
    int ref;
    lua_pushvalue(L, index);
    if (lp_protect(S, L, anchor_body, &ref, 1, 0) < 0) {
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct lp_lua_object *self = (struct lp_lua_object *)alloc(type, 0);
    if (self == NULL) {
        lp_queue_unref(S, ref);
        return NULL;
    }
    self->vectorcall = lp_lua_vectorcall[kind];
    self->view = view;
    self->ref = ref;
    self->address = address;
    if (S->anchor != NULL) {
        Py_INCREF(S->anchor);
        self->flags |= LP_LUA_ANCHORED;
    }
    lp_state_hold(S);
    S->n_handles++;
    /* Without memory for the cache the object works, uncached. */
    if (cached && lp_handle_cache_add(&S->handles, self) == 0) {
        self->flags |= LP_LUA_CACHED;
    }
    return (PyObject *)self;
}

PyObject *
lp_wrap_lua(struct lp_state *S, lua_State *L, int index, struct lp_view *view)
{
    /* Light userdata may be the address of anything, a full userdata's for
     * one; two of them are the same object only by chance. */
    int cached = lua_type(L, index) != LUA_TLIGHTUSERDATA;
    if (cached) {
        struct lp_lua_object *known = lp_handle_cache_find(
            &S->handles, lua_topointer(L, index), view);
        if (known != NULL) {
            Py_INCREF(known);
            return (PyObject *)known;
        }
    }
    return wrap(S, L, lp_abs(L, index), view, cached);
}

PyObject *
lp_wrap_lua_anew(struct lp_state *S, lua_State *L, int index,
                 struct lp_view *view)
{
    return wrap(S, L, lp_abs(L, index), view, 0);
}

int
lp_push_lua(struct lp_state *S, lua_State *L, PyObject *obj)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    if (self->view->state != S) {
        PyErr_SetString(PyExc_ValueError,
                        "a Lua object cannot go into another Lua state");
        return -1;
    }
    lp_push_ref(S, L, self->ref);
    return 0;
}

/* May run on any thread and with an exception set: no call into Lua, the
 * error indicator stays as it is. */
static void
lua_object_dealloc(PyObject *obj)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct lp_state *S = self->view != NULL ? self->view->state : NULL;
    PyObject *anchor = self->flags & LP_LUA_ANCHORED ? S->anchor : NULL;
    PyTypeObject *type = Py_TYPE(obj);
    PyObject_GC_UnTrack(obj);
    /* First of all: callbacks of weak references may get the same Lua value
     * again, and must not find this object. */
    if (self->flags & LP_LUA_CACHED) {
        self->flags &= ~LP_LUA_CACHED;
        lp_handle_cache_remove(&S->handles, self);
    }
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(obj);
    }
    if (S != NULL) {
        S->n_handles--;
        lp_queue_unref(S, self->ref);
        lp_state_release(S);
    }
    Py_CLEAR(self->dict);
    Py_XDECREF(anchor);
    freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(obj);
    Py_DECREF(type);
}

static Py_hash_t
lua_object_hash(PyObject *obj)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    Py_hash_t h = (Py_hash_t)((uintptr_t)self->address >> 4);
    return h == -1 ? -2 : h;
}

/* Equality is identity, as the hash is; __eq is not asked. */
static PyObject *
lua_object_richcompare(PyObject *a, PyObject *b, int op)
{
    if (op != Py_EQ && op != Py_NE) {
        return lp_lua_order(a, b, op);
    }
    if (!lp_is_lua_object(a) || !lp_is_lua_object(b)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    struct lp_lua_object *x = (struct lp_lua_object *)a;
    struct lp_lua_object *y = (struct lp_lua_object *)b;
    int same = x == y ||
               (Py_TYPE(a) == Py_TYPE(b) && x->view->state == y->view->state &&
                x->address == y->address && x->address != NULL);
    return PyBool_FromLong(same == (op == Py_EQ));
}

static PyObject *
lua_object_repr(PyObject *obj)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(obj),
                                            "__name__");
    if (name == NULL) {
        return NULL;
    }
    /* <Lua table at 0x...> */
    PyObject *kind = PyUnicode_Substring(name, 3, PY_SSIZE_T_MAX);
    Py_DECREF(name);
    name = kind != NULL ? PyObject_CallMethod(kind, "lower", NULL) : NULL;
    Py_XDECREF(kind);
    PyObject *text =
        name != NULL ? PyUnicode_FromFormat("<Lua %U at %p>", name,
                                            self->address)
                     : NULL;
    Py_XDECREF(name);
    return text;
}

/* Only the bridge makes them: 3.9 has no flag that says so. */
static PyObject *
lua_object_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    PyObject *name = PyObject_GetAttrString((PyObject *)type, "__name__");
    if (name != NULL) {
        PyErr_Format(PyExc_TypeError, "cannot create '%U' objects: they come "
                     "from Lua", name);
        Py_DECREF(name);
    }
    return NULL;
}

static PyMemberDef lua_object_members[] = {
    {"__weaklistoffset__", T_PYSSIZET,
     offsetof(struct lp_lua_object, weakrefs), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(struct lp_lua_object, dict),
     READONLY, NULL},
    {"__vectorcalloffset__", T_PYSSIZET,
     offsetof(struct lp_lua_object, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static char doc[] = "A Lua value, by reference.";

static int
lua_object_traverse(PyObject *obj, visitproc visit, void *arg)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    Py_VISIT(Py_TYPE(obj));
    Py_VISIT(self->dict);
    if (self->flags & LP_LUA_ANCHORED) {
        Py_VISIT(self->view->state->anchor);
    }
    return 0;
}

static int
lua_object_clear(PyObject *obj)
{
    Py_CLEAR(((struct lp_lua_object *)obj)->dict);
    return 0;
}

static PyType_Slot base_slots[] = {
    {Py_tp_traverse, lua_object_traverse},
    {Py_tp_clear, lua_object_clear},
    {Py_tp_doc, doc},
    {Py_tp_dealloc, lua_object_dealloc},
    {Py_tp_new, lua_object_new},
    {Py_tp_hash, lua_object_hash},
    {Py_tp_richcompare, lua_object_richcompare},
    {Py_tp_repr, lua_object_repr},
    {Py_tp_members, lua_object_members},
    {0, NULL},
};

static PyType_Spec base_spec = {
    .name = "pyhelper.LuaObject",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = base_slots,
};

int
lp_lua_handle_init_python(PyObject *module)
{
    if (lp_lua_types[0] == NULL) {
        lp_lua_types[0] = (PyTypeObject *)PyType_FromSpec(&base_spec);
        if (lp_lua_types[0] == NULL) {
            return -1;
        }
    }
    return PyObject_SetAttrString(module, "LuaObject",
                                  (PyObject *)lp_lua_types[0]);
}

int
lp_lua_register_type(PyObject *module, int kind, PyType_Spec *spec,
                     lp_vectorcall_fn vectorcall)
{
    if (lp_lua_types[kind] == NULL) {
        PyObject *bases = PyTuple_Pack(1, (PyObject *)lp_lua_types[0]);
        if (bases == NULL) {
            return -1;
        }
        lp_lua_types[kind] =
            (PyTypeObject *)PyType_FromSpecWithBases(spec, bases);
        Py_DECREF(bases);
        if (lp_lua_types[kind] == NULL) {
            return -1;
        }
        lp_lua_vectorcall[kind] = vectorcall;
    }
    return PyObject_SetAttrString(module, strrchr(spec->name, '.') + 1,
                                  (PyObject *)lp_lua_types[kind]);
}
