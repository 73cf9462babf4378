/* SPDX-License-Identifier: MIT */
/* The doors: luaopen_py_core for a Lua host, PyInit__core for a Python host.
 * One list each says in which order the parts are made. */
#include "base/dynlib.h"
#include "base/gil.h"
#include "convert/call.h"
#include "convert/options.h"
#include "convert/to_lua.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "cross/signal.h"
#include "cross/uncaught.h"
#include "cross/visit.h"
#include "handle/lua_handle.h"
#include "handle/protocol.h"
#include "module/compile.h"
#include "module/functions.h"
#include "module/stream.h"
#include "numpy_tensor.h"
#include "object/door.h"
#include "object/lua_function.h"
#include "object/lua_operators.h"
#include "object/lua_runtime.h"
#include "object/lua_table.h"
#include "object/lua_thread.h"
#include "object/lua_userdata.h"
#include "object/py_object.h"
#include "tensor/memory.h"
#include "torch7_tensor.h"

#define LP_EXPORT __attribute__((visibility("default")))

static struct PyModuleDef core_def = {
    PyModuleDef_HEAD_INIT, "pyhelper._core",
    "The C core of lua-py: see pyhelper for what is meant to be used.",
    -1, NULL, NULL, NULL, NULL, NULL,
};

static PyObject *core_module; /* owned by the process */

static void init_state_or_jump(struct lp_state *S, lua_State *L);
LP_EXPORT int luaopen_py_core(lua_State *L);

static const struct lp_runtime_parts runtime_parts = {
    init_state_or_jump,
    luaopen_py_core,
};

/* [GIL] Make pyhelper._core, once per process. */
static PyObject *
make_module(void)
{
    if (core_module != NULL) {
        return core_module;
    }
    PyObject *module = PyModule_Create(&core_def);
    if (module == NULL ||
        PyModule_AddStringConstant(module, "version", LUAPY_VERSION) < 0 ||
        /* pyhelper looks for this text in the file before it loads it. */
        PyModule_AddStringConstant(module, "built_for",
                                   "lua-py core for " LUA_VERSION) < 0 ||
        lp_error_init_python(module) < 0 ||
        lp_lua_handle_init_python(module) < 0 ||
        lp_protocol_init_python(module) < 0 ||
        lp_lua_function_init_python(module) < 0 ||
        lp_memory_init_python(module) < 0 ||
        lp_lua_table_init_python(module) < 0 ||
        lp_lua_userdata_init_python(module) < 0 ||
        lp_lua_thread_init_python(module) < 0 ||
        lp_lua_operators_init_python(module) < 0 ||
        lp_signal_init_python(module) < 0 ||
        lp_visit_init_python(module) < 0 ||
        lp_stream_init_python(module) < 0 ||
        lp_compile_init_python(module) < 0 ||
        lp_lua_runtime_init_python(module, &runtime_parts) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    lp_provider_register(&lp_torch7_provider);
    lp_provider_register(&lp_numpy_provider);
    core_module = module;
    return module;
}

/* [GIL] Raise ImportError; `there` is the module of the other core. */
static int
refuse_second(PyObject *there)
{
    PyObject *version = PyObject_GetAttrString(there, "version");
    PyObject *file = PyObject_GetAttrString(there, "core_file");
    PyErr_Clear(); /* of an older core, which does not say */
    const char *ours = lp_dynlib_file(&core_def);
    PyErr_Format(PyExc_ImportError,
                 "the core of lua-py %s (%s) cannot be loaded: this process "
                 "runs that of lua-py %S (%S) already, and it can have one "
                 "only; let package.cpath find the same file in every Lua "
                 "state",
                 LUAPY_VERSION, ours != NULL ? ours : "?",
                 version != NULL ? version : Py_None,
                 file != NULL ? file : Py_None);
    Py_XDECREF(version);
    Py_XDECREF(file);
    return -1;
}

/* [GIL] Let `import pyhelper._core` find it in a Lua host.  Two cores would not
 * know of each other's locks, so the first is the only one in a process. */
static int
publish_module(void)
{
    PyObject *modules = PyImport_GetModuleDict(); /* borrowed */
    PyObject *there = PyDict_GetItemString(modules, "pyhelper._core");
    if (there != NULL && there != core_module) {
        return refuse_second(there);
    }
    PyObject *module = make_module();
    return module == NULL ? -1
                          : PyDict_SetItemString(modules, "pyhelper._core",
                                                 module);
}

/* [Lua lock; -0, +0, e] The parts that each Lua state has. */
static void
init_state_or_jump(struct lp_state *S, lua_State *L)
{
    lp_protect_init_or_jump(S, L);
    lp_error_init_or_jump(S, L);
    lp_uncaught_init_or_jump(S, L);
    lp_lua_function_init_or_jump(S, L);
    lp_call_init_or_jump(S, L);
    lp_to_lua_init_or_jump(S, L);
    lp_py_object_init_or_jump(S, L);
    lp_py_error_init_or_jump(S, L);
    if (S->view == NULL) { /* a Python host has made its own */
        S->view = lp_view_new_or_jump(S, L, 0);
    }

    struct lp_handle *none = lp_new_ref_or_jump(L, S, S->view);
    lp_set_slot_or_jump(S, L, LP_SLOT_NONE);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_state_announce(S);
    Py_INCREF(Py_None);
    none->obj = Py_None;
    int done = publish_module();
    if (done < 0) {
        lp_door_close(&x, -1, 0);
        return;
    }
    S->has_parts = 1;
    lp_cross_end(&x);
}

static int
is_luajit(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "jit");
    int found = lua_istable(L, -1);
    lua_pop(L, 2);
    return found;
}

/* require 'py.core' in a Lua host, after py.loader has started Python (or
 * found one).  Returns the functions of the default view. */
int
luaopen_py_core(lua_State *L)
{
    lp_dynlib_pin((const void *)luaopen_py_core);
    if (!lp_python_alive) {
        int (*is_initialized)(void);
        *(void **)&is_initialized = lp_dynlib_symbol("Py_IsInitialized");
        if (is_initialized == NULL || !is_initialized()) {
            return luaL_error(L, "py.core: no Python runs in this process "
                                 "(require 'py' starts one)");
        }
        lp_py_resolve();
    }
    struct lp_state *S = lp_state_of(L);
    if (S == NULL) {
        lp_python_started();
        lp_host_opened();
        S = lp_state_open_or_jump(L);
        S->luajit = (unsigned)is_luajit(L);
    }
    if (!S->has_parts) { /* nor are they after an attempt that failed */
        init_state_or_jump(S, L);
    }
    if (S->no_python) {
        return luaL_error(L, "require 'py': this LuaRuntime was made with "
                             "register_eval=False or "
                             "register_builtins=False, which refuse it");
    }
    struct lp_view *view = S->view;
    if (S->python_host) { /* where the usual view is pyhelper's */
        if (S->py_view == NULL) {
            S->py_view = lp_view_new_or_jump(S, L, 0);
        }
        view = S->py_view;
    }
    lp_push_functions_or_jump(L, S, view);
    return 1;
}

/* import pyhelper._core in a Python host, which has opened a liblua. */
PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC
PyInit__core(void)
{
    lp_dynlib_pin((const void *)PyInit__core);
    lp_py_resolve();
    PyObject *module = make_module();
    Py_XINCREF(module);
    return module;
}
