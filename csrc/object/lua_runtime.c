/* SPDX-License-Identifier: MIT */
/* A Lua state as a Python object: the mechanism under pyhelper.LuaRuntime
 * (pyhelper/_runtime.py), which adds names and policy. */
#include "object/lua_runtime.h"

#include <string.h>

#include "base/dynlib.h"
#include "base/memory_limit.h"
#include "convert/options.h"
#include "convert/to_lua.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/anchor.h"
#include "handle/lua_handle.h"
#include "object/python_table.h"
#include "tensor/provider.h"

struct runtime {
    PyObject_HEAD
    struct lp_state *S;   /* held; NULL while it is made */
    struct lp_view *view; /* pyhelper's rules with this runtime's options */
    PyObject *anchor;     /* owned; NULL for the host's state */
};

static const struct lp_runtime_parts *parts;

/* ---- making one ---- */

struct options {
    PyObject *filter, *getter, *setter, *overflow; /* borrowed or NULL */
    const char *encoding;
    int bytes, unpack, no_python;
};

/* [Lua lock; -0, +0, e] */
static struct lp_view *
new_view_or_jump(struct lp_state *S, lua_State *L, const struct options *o)
{
    struct lp_view *view = lp_view_new_or_jump(S, L, 0);
    view->python_first = view->by_value = 1;
    view->strings_bytes = (unsigned)o->bytes;
    view->unpack_tuples = (unsigned)o->unpack;
    strncpy(view->encoding, o->encoding, sizeof view->encoding - 1);
    view->filter = o->filter;
    view->getter = o->getter;
    view->setter = o->setter;
    view->overflow = o->overflow;
    Py_XINCREF(o->filter);
    Py_XINCREF(o->getter);
    Py_XINCREF(o->setter);
    Py_XINCREF(o->overflow);
    return view;
}

struct opening {
    const struct options *options;
    struct lp_state *S;
};

static int
is_luajit(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "jit");
    int found = lua_istable(L, -1);
    lua_pop(L, 2);
    return found;
}

/* getmetatable(reference) gives what a program may ask (is there __call?),
 * as a copy that it can do no harm with. */
static void
show_metatable_or_jump(struct lp_state *S, lua_State *L)
{
    lp_push_slot(S, L, LP_SLOT_REF_MT);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, -3) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushnil(L);
    lua_setfield(L, -2, "__gc");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* In one protected call: a fresh Lua state has nobody else to catch what it
 * raises. */
static int
open_body(lua_State *L)
{
    struct opening *opening = lua_touserdata(L, 1);
    luaL_openlibs(L);
    struct lp_state *S = lp_state_open_or_jump(L);
    opening->S = S;
    S->python_host = 1;
    S->luajit = (unsigned)is_luajit(L);
    S->no_python = (unsigned)opening->options->no_python;
    S->view = new_view_or_jump(S, L, opening->options);
    parts->init_state_or_jump(S, L);
    show_metatable_or_jump(S, L);
    return 0;
}

static int
call_open(lua_State *L, struct opening *opening)
{
#if LP_LUA51
    return lua_cpcall(L, open_body, opening);
#else
    lua_pushcfunction(L, open_body); /* light: allocates nothing */
    lua_pushlightuserdata(L, opening);
    return lua_pcall(L, 1, 0, 0);
#endif
}

/* [GIL] A new Lua state; NULL with a Python error. */
static struct lp_state *
open_state(const struct options *options)
{
    struct lp_thread *t = &lp_this_thread;
    PyThreadState *old_tstate = t->tstate;
    int old_gil = t->gil;
    struct opening opening = {options, NULL};
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        PyErr_SetString(lp_LuaMemoryError, "no memory for a new Lua state");
        return NULL;
    }
    lp_python_started();
    t->gil = 1;
    int status = call_open(L, &opening);
    t->gil = old_gil;
    t->tstate = old_tstate;
    struct lp_state *S = opening.S;
    if (status != LUA_OK) {
        PyErr_Format(status == LUA_ERRMEM ? lp_LuaMemoryError : lp_LuaError,
                     "cannot make a Lua state: %s",
                     lua_isstring(L, -1) ? lua_tostring(L, -1) : "?");
        if (S != NULL) {
            S->locked = 0;
            lp_state_close(S);
        }
        else {
            lua_close(L);
        }
        return NULL;
    }
    lua_settop(L, 0);
    S->locked = 0;
    S->main_busy = 0;
    return S;
}

static PyObject *
callable_or_null(PyObject *obj)
{
    return obj == Py_None ? NULL : obj;
}

/* LuaState(encoding, filter, getter, setter, overflow, unpack, no_python);
 * encoding '' is UTF-8 with escapes, None means bytes. */
static PyObject *
runtime_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct options o = {0};
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "zOOOOpp", &o.encoding, &o.filter, &o.getter,
                          &o.setter, &o.overflow, &o.unpack, &o.no_python)) {
        return NULL;
    }
    o.bytes = o.encoding == NULL;
    o.encoding = o.bytes ? "" : o.encoding;
    o.filter = callable_or_null(o.filter);
    o.getter = callable_or_null(o.getter);
    o.setter = callable_or_null(o.setter);
    o.overflow = callable_or_null(o.overflow);
    if (strlen(o.encoding) >= sizeof ((struct lp_view *)0)->encoding) {
        PyErr_Format(PyExc_LookupError, "unknown encoding: %s", o.encoding);
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct runtime *self = (struct runtime *)alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    struct lp_state *S = open_state(&o);
    if (S == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    lp_state_hold(S);
    self->S = S;
    self->view = S->view;
    self->anchor = lp_anchor_new(S);
    if (self->anchor == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

struct host {
    struct lp_view *view;
};

static int
host_view_body(lua_State *L, struct lp_state *S, void *ctx)
{
    static const struct options plain = {.encoding = ""};
    ((struct host *)ctx)->view = new_view_or_jump(S, L, &plain);
    return 0;
}

/* The Lua state that embeds this Python: the one whose code called last on
 * this thread, else the first one. */
static struct lp_state *
find_host(void)
{
    for (struct lp_frame *f = lp_this_thread.frame; f != NULL; f = f->outer) {
        if (!f->S->python_host && f->S->main != NULL) {
            return f->S;
        }
    }
    struct lp_state *found = NULL;
    for (struct lp_state *S = lp_states(); S != NULL; S = S->next) {
        if (!S->python_host && S->main != NULL) {
            found = S; /* the list begins with the latest */
        }
    }
    return found;
}

/* host_state() -> LuaState or None */
static PyObject *
host_state(PyObject *module, PyObject *type)
{
    (void)module;
    struct lp_state *S = find_host();
    if (S == NULL) {
        Py_RETURN_NONE;
    }
    struct host host = {NULL};
    for (struct lp_view *view = S->views; view != NULL; view = view->next) {
        if (view->python_first) {
            host.view = view;
        }
    }
    if (host.view == NULL) {
        struct lp_visit v;
        if (lp_visit_begin(&v, S) < 0) {
            return NULL;
        }
        int done = lp_protect(S, v.frame.L, host_view_body, &host, 0, 0);
        lp_visit_end(&v);
        if (done < 0) {
            return NULL;
        }
    }
    allocfunc alloc =
        (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
    struct runtime *self = (struct runtime *)alloc((PyTypeObject *)type, 0);
    if (self != NULL) {
        lp_state_hold(S);
        self->S = S;
        self->view = host.view;
    }
    return (PyObject *)self;
}

static int
runtime_traverse(PyObject *obj, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(obj));
    Py_VISIT(((struct runtime *)obj)->anchor);
    return 0;
}

static void
runtime_dealloc(PyObject *obj)
{
    struct runtime *self = (struct runtime *)obj;
    PyTypeObject *type = Py_TYPE(obj);
    PyObject_GC_UnTrack(obj);
    Py_CLEAR(self->anchor);
    if (self->S != NULL) {
        lp_state_release(self->S);
    }
    freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(obj);
    Py_DECREF(type);
}

/* ---- working with it ---- */

struct work {
    struct runtime *self;
    PyObject *a, *b;  /* borrowed: arguments */
    const char *text, *name, *mode;
    Py_ssize_t size;
    PyObject *result; /* owned */
    long long number;
};

/* [GIL, no lock] Run a body in one visit. */
static int
visit(struct work *w, lp_body body)
{
    struct lp_state *S = w->self->S;
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    Py_INCREF(w->self);
    int done = lp_protect_code(S, v.frame.L, body, w, 0, 0);
    lp_visit_end(&v);
    Py_DECREF(w->self);
    return done;
}

static int
load_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
#if LP_LUA51
    int is_binary = w->size > 0 && w->text[0] == LUA_SIGNATURE[0];
    if (w->mode != NULL && strchr(w->mode, is_binary ? 'b' : 't') == NULL) {
        lua_pushfstring(L, "attempt to load a %s chunk (mode is '%s')",
                        is_binary ? "binary" : "text", w->mode);
        lp_error_from_lua(S, L, LUA_ERRSYNTAX, lp_LuaSyntaxError);
        return -1;
    }
    int status = luaL_loadbuffer(L, w->text, (size_t)w->size, w->name);
#else
    int status =
        luaL_loadbufferx(L, w->text, (size_t)w->size, w->name, w->mode);
#endif
    if (status != LUA_OK) {
        lp_error_from_lua(S, L, status, lp_LuaSyntaxError);
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

/* load(bytes, name, mode or None) -> function */
static PyObject *
runtime_load(PyObject *self, PyObject *args)
{
    struct work w = {.self = (struct runtime *)self};
    if (!PyArg_ParseTuple(args, "y#sz", &w.text, &w.size, &w.name, &w.mode)) {
        return NULL;
    }
    return visit(&w, load_body) < 0 ? NULL : w.result;
}

static int
globals_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
#if LP_LUA51
    lua_pushvalue(L, LUA_GLOBALSINDEX);
#else
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
#endif
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

static PyObject *
runtime_globals(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct work w = {.self = (struct runtime *)self};
    return visit(&w, globals_body) < 0 ? NULL : w.result;
}

static int
functions_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
    parts->push_functions_or_jump(L, S, w->self->view);
    lp_python_table_add_or_jump(L, S, w->self->view);
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

/* functions() -> table of the core's functions, for lua/py/runtime.lua */
static PyObject *
runtime_functions(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct work w = {.self = (struct runtime *)self};
    return visit(&w, functions_body) < 0 ? NULL : w.result;
}

/* [2..] A table with the items of list `a` from 1 on and the pairs of list
 * `b`. */
static int
table_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
    int flags = (int)w->number;
    Py_ssize_t n = PyList_Size(w->a);
    lua_createtable(L, n < (1 << 26) ? (int)n : 0, (int)PyList_Size(w->b));
    int table = lua_gettop(L);
    for (Py_ssize_t i = 0; i < PyList_Size(w->a); i++) {
        if (lp_push_value(S, L, PyList_GetItem(w->a, i), w->self->view,
                          flags) < 0) {
            return -1;
        }
        lua_rawseti(L, table, (int)i + 1);
    }
    for (Py_ssize_t i = 0; i < PyList_Size(w->b); i++) {
        PyObject *pair = PyList_GetItem(w->b, i);
        if (lp_push_value(S, L, PyTuple_GetItem(pair, 0), w->self->view,
                          LP_KEEP_NONE | LP_AS_KEY) < 0 ||
            lp_push_value(S, L, PyTuple_GetItem(pair, 1), w->self->view,
                          flags) < 0) {
            return -1;
        }
        lua_rawset(L, table);
    }
    w->result = lp_wrap_lua(S, L, table, w->self->view);
    return w->result != NULL ? 0 : -1;
}

/* table(list of items, list of pairs) */
static PyObject *
runtime_table(PyObject *self, PyObject *args)
{
    struct work w = {.self = (struct runtime *)self};
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &w.a, &PyList_Type,
                          &w.b)) {
        return NULL;
    }
    return visit(&w, table_body) < 0 ? NULL : w.result;
}

static int
deep_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
    if (lp_push_value(S, L, w->a, w->self->view, LP_DEEP) < 0) {
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

/* deep_table(container) -> table; shared containers stay shared */
static PyObject *
runtime_deep_table(PyObject *self, PyObject *container)
{
    struct work w = {.self = (struct runtime *)self, .a = container};
    return visit(&w, deep_body) < 0 ? NULL : w.result;
}

static int
gc_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
    (void)S;
    lp_lua_runs(); /* finalizers */
    lua_gc(L, (int)w->number, 0);
    lp_lua_ran();
    return 0;
}

/* gc('collect' | 'stop' | 'restart') */
static PyObject *
runtime_gc(PyObject *self, PyObject *args)
{
    const char *what;
    if (!PyArg_ParseTuple(args, "s", &what)) {
        return NULL;
    }
    struct work w = {.self = (struct runtime *)self,
                     .number = strcmp(what, "stop") == 0      ? LUA_GCSTOP
                               : strcmp(what, "restart") == 0 ? LUA_GCRESTART
                                                              : LUA_GCCOLLECT};
    if (visit(&w, gc_body) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static int
watch_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)ctx;
    lua_gc(L, LUA_GCCOLLECT, 0); /* what was garbage is not the runtime's */
    return lp_memory_watch(S);
}

/* set_limit(bytes, total): 0 for none */
static PyObject *
runtime_set_limit(PyObject *self, PyObject *args)
{
    struct work w = {.self = (struct runtime *)self};
    unsigned long long limit;
    int total;
    if (!PyArg_ParseTuple(args, "Kp", &limit, &total) ||
        visit(&w, watch_body) < 0) {
        return NULL;
    }
    struct lp_memory *m = w.self->S->memory;
    m->limit = limit == 0 ? 0 : (size_t)limit + (total ? 0 : m->base);
    Py_RETURN_NONE;
}

/* memory() -> (used, base, limit), or None if nobody counts */
static PyObject *
runtime_memory(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct lp_memory *m = ((struct runtime *)self)->S->memory;
    if (m == NULL) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("KKK", (unsigned long long)m->used,
                         (unsigned long long)m->base,
                         (unsigned long long)m->limit);
}

/* set_overflow(callable or None) */
static PyObject *
runtime_set_overflow(PyObject *self, PyObject *handler)
{
    struct lp_view *view = ((struct runtime *)self)->view;
    PyObject *old = view->overflow;
    view->overflow = callable_or_null(handler);
    Py_XINCREF(view->overflow);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static PyObject *
runtime_close(PyObject *obj, PyObject *unused)
{
    struct lp_state *S = ((struct runtime *)obj)->S;
    (void)unused;
    if (S->main == NULL || S->closing) {
        Py_RETURN_NONE;
    }
    if (!S->python_host) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the Lua that is the host cannot be closed");
        return NULL;
    }
    if (S->n_visits > 0) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this Lua state is at work and cannot be closed now");
        return NULL;
    }
    lp_state_close(S);
    Py_RETURN_NONE;
}

/* live() -> references to Python objects in Lua, Lua objects in Python */
static PyObject *
runtime_live(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct lp_state *S = ((struct runtime *)self)->S;
    return Py_BuildValue("nn", (Py_ssize_t)S->n_refs,
                         (Py_ssize_t)S->n_handles);
}

/* owns(object) -> is it a Lua object of this state? */
static PyObject *
runtime_owns(PyObject *self, PyObject *obj)
{
    return PyBool_FromLong(lp_is_lua_object(obj) &&
                           ((struct lp_lua_object *)obj)->S ==
                               ((struct runtime *)self)->S);
}

/* set_style(zero_based, self_methods, tensors), for pyhelper.lutorpy and
 * pyhelper.python2torch */
static PyObject *
runtime_set_style(PyObject *self, PyObject *args)
{
    struct lp_view *view = ((struct runtime *)self)->view;
    int zero_based, self_methods, tensors;
    if (!PyArg_ParseTuple(args, "ppp", &zero_based, &self_methods,
                          &tensors)) {
        return NULL;
    }
    view->zero_based = (unsigned)zero_based;
    view->self_methods = (unsigned)self_methods;
    view->tensors = (unsigned)tensors;
    Py_RETURN_NONE;
}

static int
tensor_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct work *w = ctx;
    int done = lp_array_kind(S, w->a) == LP_ARRAY
                   ? lp_tensor_push(S, L, w->a, (int)w->number, 0)
                   : 0;
    if (done == 0) {
        PyErr_SetString(PyExc_TypeError, "an array is expected");
    }
    if (done <= 0) {
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

/* tensor(array, share) -> a tensor on the array's memory; `share` refuses
 * what could only be copied */
static PyObject *
runtime_tensor(PyObject *self, PyObject *args)
{
    struct work w = {.self = (struct runtime *)self};
    int share;
    if (!PyArg_ParseTuple(args, "Op", &w.a, &share)) {
        return NULL;
    }
    w.number = share;
    return visit(&w, tensor_body) < 0 ? NULL : w.result;
}

static PyMethodDef methods[] = {
    {"load",         runtime_load,         METH_VARARGS, NULL},
    {"globals",      runtime_globals,      METH_NOARGS,  NULL},
    {"functions",    runtime_functions,    METH_NOARGS,  NULL},
    {"table",        runtime_table,        METH_VARARGS, NULL},
    {"deep_table",   runtime_deep_table,   METH_O,       NULL},
    {"gc",           runtime_gc,           METH_VARARGS, NULL},
    {"set_limit",    runtime_set_limit,    METH_VARARGS, NULL},
    {"memory",       runtime_memory,       METH_NOARGS,  NULL},
    {"set_overflow", runtime_set_overflow, METH_O,       NULL},
    {"set_style",    runtime_set_style,    METH_VARARGS, NULL},
    {"tensor",       runtime_tensor,       METH_VARARGS, NULL},
    {"close",        runtime_close,        METH_NOARGS,  NULL},
    {"live",         runtime_live,         METH_NOARGS,  NULL},
    {"owns",         runtime_owns,         METH_O,       NULL},
    {NULL,           NULL,                 0,            NULL},
};

static char doc[] = "A Lua state; see pyhelper.LuaRuntime.";

static PyType_Slot slots[] = {
    {Py_tp_doc, doc},
    {Py_tp_new, runtime_new},
    {Py_tp_dealloc, runtime_dealloc},
    {Py_tp_traverse, runtime_traverse},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pyhelper._core.LuaState",
    .basicsize = sizeof(struct runtime),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

static PyMethodDef module_functions[] = {
    {"host_state", host_state, METH_O, NULL},
    {NULL,         NULL,       0,      NULL},
};

int
lp_lua_runtime_init_python(PyObject *module,
                           const struct lp_runtime_parts *given)
{
    parts = given;
    if (PyModule_AddIntConstant(module, "LUA_VERSION_NUM", LUA_VERSION_NUM) <
        0) {
        return -1;
    }
    const char *file = lp_dynlib_file(&parts);
    if (PyModule_AddStringConstant(module, "core_file",
                                   file != NULL ? file : "") < 0) {
        return -1;
    }
    PyObject *type = PyType_FromSpec(&spec);
    if (type == NULL || PyModule_AddFunctions(module, module_functions) < 0) {
        return -1;
    }
    int done = PyObject_SetAttrString(module, "LuaState", type);
    Py_DECREF(type);
    return done;
}
