/* SPDX-License-Identifier: MIT */
/* The first act in a fresh interpreter, for lua/py/start.lua. */
#include "base/gil.h"
#include "cross/signal.h"
#include "convert/to_python.h"
#include "module/module.h"
#include "object/door.h"

/* [GIL, no lock] Append to sys.path unless it is there: what a virtual
 * environment offers comes first. */
static int
append_to_path(PyObject *folder)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    if (path == NULL || !PyList_Check(path)) {
        PyErr_SetString(PyExc_RuntimeError, "there is no sys.path");
        return -1;
    }
    int there = PySequence_Contains(path, folder);
    return there != 0 ? (there < 0 ? -1 : 0) : PyList_Append(path, folder);
}

/* _start(folder of pyhelper or nil, embedded, at_prompt): `embedded` says that
 * this Python was started by py.loader and ends with this process. */
static int
py_start(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    int embedded = lua_toboolean(L, 2);
    lp_python_is_ours(embedded);
    lp_signals_watch(S);
    if (lua_toboolean(L, 3)) {
        lp_signals_at_prompt();
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *folder = lua_isstring(L, 1) ? lp_to_str(L, 1) : NULL;
    PyObject *start = NULL, *result = NULL;
    int failed = PyErr_Occurred() != NULL;
    lp_cross_unlock(&x);
    if (!failed && folder != NULL) {
        failed = append_to_path(folder) < 0;
    }
    if (!failed) {
        start = lp_import_attr("pyhelper._start", "start");
        result = start != NULL
                     ? PyObject_CallFunction(start, "i", embedded)
                     : NULL;
        failed = result == NULL;
    }
    Py_XDECREF(folder);
    Py_XDECREF(start);
    Py_XDECREF(result);
    lp_cross_lock(&x);
    return lp_door_close(&x, failed ? -1 : 0, 0);
}

static const luaL_Reg functions[] = {
    {"_start", py_start},
    {NULL,     NULL    },
};

void
lp_module_start(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
