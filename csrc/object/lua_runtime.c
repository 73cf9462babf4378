/* SPDX-License-Identifier: MIT */
/* A Lua state as a Python object: the mechanism under pyhelper.LuaRuntime
 * (pyhelper/_runtime.py), which adds names and policy. */
#include "object/lua_runtime.h"

#include <string.h>

#include "base/dynlib.h"
#include "base/memory_limit.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/anchor.h"
#include "handle/lua_handle.h"
#include "object/runtime_values.h"

static const struct lp_runtime_parts *parts;

/* ---- making one ---- */

static PyObject *
unless_none(PyObject *obj)
{
    return obj == Py_None ? NULL : obj;
}

/* LuaState(encoding, filter, getter, setter, overflow, unpack, no_python,
 * path, cpath, eval, exec, builtins); encoding '' is UTF-8 with escapes, None
 * means bytes; path and cpath go before those of Lua. */
static PyObject *
runtime_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct lp_runtime_options o = {0};
    struct lp_python_objects *python = &o.python;
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "zOOOOppyyOOO", &o.encoding, &o.filter,
                          &o.getter, &o.setter, &o.overflow, &o.unpack,
                          &o.no_python, &o.path, &o.cpath, &python->eval,
                          &python->exec, &python->builtins)) {
        return NULL;
    }
    o.bytes = o.encoding == NULL;
    o.encoding = o.bytes ? "" : o.encoding;
    PyObject **objects[] = {&o.filter,     &o.getter,     &o.setter,
                            &o.overflow,   &python->eval, &python->exec,
                            &python->builtins};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        *objects[i] = unless_none(*objects[i]);
    }
    if (strlen(o.encoding) >= sizeof ((struct lp_view *)0)->encoding) {
        PyErr_Format(PyExc_LookupError, "unknown encoding: %s", o.encoding);
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct lp_runtime *self = (struct lp_runtime *)alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    struct lp_state *S = lp_runtime_open(parts, &o);
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
    static const struct lp_runtime_options plain = {.encoding = ""};
    ((struct host *)ctx)->view = lp_runtime_view_or_jump(S, L, &plain);
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
    struct lp_runtime *self = (struct lp_runtime *)alloc((PyTypeObject *)type, 0);
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
    Py_VISIT(((struct lp_runtime *)obj)->anchor);
    return 0;
}

static void
runtime_dealloc(PyObject *obj)
{
    struct lp_runtime *self = (struct lp_runtime *)obj;
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

static int
gc_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
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
    struct lp_work w = {.self = (struct lp_runtime *)self,
                     .number = strcmp(what, "stop") == 0      ? LUA_GCSTOP
                               : strcmp(what, "restart") == 0 ? LUA_GCRESTART
                                                              : LUA_GCCOLLECT};
    if (lp_runtime_visit(&w, gc_body) < 0) {
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
    struct lp_work w = {.self = (struct lp_runtime *)self};
    unsigned long long limit;
    int total;
    if (!PyArg_ParseTuple(args, "Kp", &limit, &total)) {
        return NULL;
    }
    /* Later no visit: that may need memory, of which there is none perhaps. */
    if (w.self->S->memory == NULL && lp_runtime_visit(&w, watch_body) < 0) {
        return NULL;
    }
    lp_memory_set_limit(w.self->S->memory, (size_t)limit, total);
    Py_RETURN_NONE;
}

/* memory() -> (used, base, limit), or None if nobody counts */
static PyObject *
runtime_memory(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct lp_memory *m = ((struct lp_runtime *)self)->S->memory;
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
    struct lp_view *view = ((struct lp_runtime *)self)->view;
    PyObject *old = view->overflow;
    view->overflow = unless_none(handler);
    Py_XINCREF(view->overflow);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static PyObject *
runtime_close(PyObject *obj, PyObject *unused)
{
    struct lp_state *S = ((struct lp_runtime *)obj)->S;
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
    struct lp_state *S = ((struct lp_runtime *)self)->S;
    return Py_BuildValue("nn", (Py_ssize_t)S->n_refs,
                         (Py_ssize_t)S->n_handles);
}

/* owns(object) -> is it a Lua object of this state? */
static PyObject *
runtime_owns(PyObject *self, PyObject *obj)
{
    return PyBool_FromLong(lp_is_lua_object(obj) &&
                           ((struct lp_lua_object *)obj)->view->state ==
                               ((struct lp_runtime *)self)->S);
}

/* set_style(zero_based, self_methods, tensors), for pyhelper.lutorpy and
 * pyhelper.python2torch */
static PyObject *
runtime_set_style(PyObject *self, PyObject *args)
{
    struct lp_view *view = ((struct lp_runtime *)self)->view;
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

static PyMethodDef methods[] = {
    {"load",         lp_runtime_load,       METH_VARARGS, NULL},
    {"globals",      lp_runtime_globals,    METH_NOARGS,  NULL},
    {"table",        lp_runtime_table,      METH_VARARGS, NULL},
    {"deep_table",   lp_runtime_deep_table, METH_O,       NULL},
    {"gc",           runtime_gc,            METH_VARARGS, NULL},
    {"set_limit",    runtime_set_limit,     METH_VARARGS, NULL},
    {"memory",       runtime_memory,        METH_NOARGS,  NULL},
    {"set_overflow", runtime_set_overflow,  METH_O,       NULL},
    {"set_style",    runtime_set_style,     METH_VARARGS, NULL},
    {"tensor",       lp_runtime_tensor,     METH_VARARGS, NULL},
    {"close",        runtime_close,         METH_NOARGS,  NULL},
    {"live",         runtime_live,          METH_NOARGS,  NULL},
    {"owns",         runtime_owns,          METH_O,       NULL},
    {NULL,           NULL,                  0,            NULL},
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
    .basicsize = sizeof(struct lp_runtime),
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
