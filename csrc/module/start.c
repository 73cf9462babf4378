/* SPDX-License-Identifier: MIT */
/* The first act in a fresh interpreter, for lua/py/start.lua. */
#include <string.h>

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

/* [GIL, no lock] The text of a str attribute, or NULL without an error. */
static const char *
text_of(PyObject *object, const char *name, PyObject **holder)
{
    const char *text = NULL;
    *holder = PyObject_GetAttrString(object, name);
    if (*holder != NULL && PyUnicode_Check(*holder)) {
        text = PyUnicode_AsUTF8AndSize(*holder, NULL);
    }
    PyErr_Clear();
    return text;
}

/* [GIL, no lock] Is the pyhelper that Python finds the other half of this
 * core?  A file of that name beside the script comes before ours, and so does
 * a wheel in the virtual environment, which may be of another version. */
static int
check_pyhelper(PyObject *folder)
{
    PyObject *module = PyImport_ImportModule("pyhelper");
    if (module == NULL) {
        return -1;
    }
    PyObject *holders[3] = {NULL, NULL, NULL};
    const char *version = text_of(module, "__version__", &holders[0]);
    int same = version != NULL && strcmp(version, LUAPY_VERSION) == 0;
    if (!same) {
        const char *file = text_of(module, "__file__", &holders[1]);
        const char *home = NULL;
        if (folder != NULL) {
            home = PyUnicode_AsUTF8AndSize(folder, NULL);
            PyErr_Clear();
        }
        file = file != NULL ? file : "a module without a file";
        home = home != NULL ? home : "sys.path";
        /* Only ours has a version and this in it. */
        PyObject *ours = PyObject_GetAttrString(module, "_HOMES");
        PyErr_Clear();
        holders[2] = ours;
        if (version != NULL && ours != NULL) {
            PyErr_Format(PyExc_ImportError,
                         "the core of lua-py %s does not work with pyhelper "
                         "%s (%s): install the same version of both, or "
                         "remove that one (pip uninstall lua-py) to use the "
                         "one in %s",
                         LUAPY_VERSION, version, file, home);
        }
        else {
            PyErr_Format(PyExc_ImportError,
                         "%s hides the package pyhelper of lua-py (in %s): "
                         "rename it, or keep its folder off sys.path",
                         file, home);
        }
    }
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(holders[i]);
    }
    Py_DECREF(module);
    return same ? 0 : -1;
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
        failed = check_pyhelper(folder) < 0;
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
