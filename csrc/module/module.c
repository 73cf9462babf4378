/* SPDX-License-Identifier: MIT */
#include "module/module.h"

void
lp_set_functions_or_jump(lua_State *L, struct lp_state *S,
                         struct lp_view *view, const luaL_Reg *functions)
{
    for (; functions->name != NULL; functions++) {
        lua_pushlightuserdata(L, S);
        lua_pushlightuserdata(L, view);
        lua_pushcclosure(L, functions->func, 2);
        lua_setfield(L, -2, functions->name);
    }
}

PyObject *
lp_main_dict(void)
{
    static PyObject *name;
    if (name == NULL && (name = PyUnicode_InternFromString("__main__")) == NULL) {
        return NULL;
    }
    /* Looked up each time: programs replace it in sys.modules. */
    PyObject *main = PyDict_GetItemWithError(PyImport_GetModuleDict(), name);
    if (main == NULL || !PyModule_Check(main)) {
        main = PyImport_AddModule("__main__");
    }
    return main != NULL ? PyModule_GetDict(main) : NULL;
}

PyObject *
lp_import_attr(const char *module, const char *name)
{
    PyObject *m = PyImport_ImportModule(module);
    if (m == NULL) {
        return NULL;
    }
    PyObject *attr = PyObject_GetAttrString(m, name);
    Py_DECREF(m);
    return attr;
}
