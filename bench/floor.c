/* SPDX-License-Identifier: MIT */
/* The floor under the bridge: for each operation of the benchmark the calls
 * of the two runtimes' C APIs that nobody can leave out, and no code of
 * lua-py.  Written against the headers of one Lua and one Python, without
 * locks for threads, errors for misuse or conversion rules beyond the row's.
 *
 * A row that gives a reference makes a userdata with a finalizer.  The
 * finalizer may not take the GIL (a Python thread that waits for Lua could
 * hold it), so it queues, and the next row that enters Python releases.
 *
 *   row            calls, between PyEval_RestoreThread and PyEval_SaveThread
 *   f(...)         lua_newuserdata before; PyLong_FromLongLong per number;
 *                  PyObject_Vectorcall
 *   obj.m()        the row obj.a (PyObject_GetAttr makes the bound method),
 *                  then the row f()
 *   obj:m()        the same, and lua_getstack + lua_getinfo("n"): the only
 *                  way to tell it from obj.m(obj)
 *   obj.a, obj[0]  PyObject_GetAttr by a remembered str, PyObject_GetItem
 *   ref + 1        PyLong_FromLongLong, PyNumber_Add
 *   ref == ref     PyObject_RichCompareBool; no userdata
 *   eval           PyEval_EvalCode of compiled code; with locals the table
 *                  is read into a dict
 *   for x in iter  PyIter_Next, one scalar pushed
 *   lists, dicts   to Python: lua_next, PyList_SetItem or PyDict_SetItem;
 *                  to Lua: all in one lua_pcall, because pushing may raise
 *   strings        PyUnicode_DecodeUTF8 by surrogateescape, as any Lua string
 *                  has to survive; PyUnicode_AsUTF8AndSize, lua_pushlstring
 *                  in a lua_pcall
 *   Lua function   METH_FASTCALL; lua_rawgeti of a handler and the function,
 *   from Python    arguments, the GIL given up around lua_pcall, the result
 *   errors         PyErr_Fetch + Normalize into the userdata, lua_error;
 *                  lua_pcall's message into PyErr_SetObject
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <lauxlib.h>
#include <lua.h>
#include <time.h>

static PyThreadState *tstate;
static lua_State *main_lua;
static int push_ref, handler_ref; /* in the registry */

/* References that Lua's collector dropped. */
static PyObject **dead;
static size_t n_dead, cap_dead;

static void
enter(void)
{
    PyEval_RestoreThread(tstate);
    while (n_dead > 0) {
        Py_DECREF(dead[--n_dead]);
    }
}

static int
leave(int results)
{
    PyEval_SaveThread();
    return results;
}

/* ---- references; upvalue 1 of every function is their metatable ---- */

static PyObject **
new_ref(lua_State *L)
{
    PyObject **box = lua_newuserdata(L, sizeof *box);
    *box = NULL;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setmetatable(L, -2);
    return box;
}

static int
ref_gc(lua_State *L)
{
    PyObject **box = lua_touserdata(L, 1);
    if (n_dead == cap_dead) {
        cap_dead = cap_dead * 2 + 1024;
        dead = realloc(dead, cap_dead * sizeof *dead);
    }
    dead[n_dead++] = *box;
    return 0;
}

/* The userdata on top becomes the current Python error and is raised. */
static int
fail(lua_State *L, PyObject **box)
{
    PyObject *type, *traceback;
    PyErr_Fetch(&type, box, &traceback);
    PyErr_NormalizeException(&type, box, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(*box, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    leave(0);
    return lua_error(L);
}

static int
finish(lua_State *L, PyObject **box, PyObject *result)
{
    if (result == NULL) {
        return fail(L, box);
    }
    *box = result;
    return leave(1);
}

/* ---- conversions ---- */

static PyObject *to_python(lua_State *L, int index);

static PyObject *
number(lua_Number n)
{
    long long i = (long long)n;
    return (lua_Number)i == n ? PyLong_FromLongLong(i) : PyFloat_FromDouble(n);
}

static PyObject *
string(lua_State *L, int index)
{
    size_t size;
    const char *s = lua_tolstring(L, index, &size);
    return PyUnicode_DecodeUTF8(s, (Py_ssize_t)size, "surrogateescape");
}

static PyObject *
table(lua_State *L, int index)
{
    Py_ssize_t length = (Py_ssize_t)lua_objlen(L, index);
    PyObject *made = length > 0 ? PyList_New(length) : PyDict_New();
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        PyObject *value = to_python(L, lua_gettop(L));
        if (length > 0) {
            Py_ssize_t at = (Py_ssize_t)lua_tonumber(L, -2);
            PyList_SET_ITEM(made, at - 1, value);
        }
        else {
            PyObject *key = to_python(L, lua_gettop(L) - 1);
            PyDict_SetItem(made, key, value);
            Py_DECREF(key);
            Py_DECREF(value);
        }
        lua_pop(L, 1);
    }
    return made;
}

static PyObject *
to_python(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        return number(lua_tonumber(L, index));
    case LUA_TSTRING:
        return string(L, index);
    case LUA_TTABLE:
        return table(L, index);
    default:
        Py_RETURN_NONE;
    }
}

static void
to_lua(lua_State *L, PyObject *obj)
{
    if (PyLong_CheckExact(obj)) {
        lua_pushnumber(L, (lua_Number)PyLong_AsLongLong(obj));
    }
    else if (PyFloat_CheckExact(obj)) {
        lua_pushnumber(L, PyFloat_AS_DOUBLE(obj));
    }
    else if (PyUnicode_Check(obj)) {
        Py_ssize_t size;
        const char *s = PyUnicode_AsUTF8AndSize(obj, &size);
        lua_pushlstring(L, s, (size_t)size);
    }
    else if (PyList_Check(obj)) {
        Py_ssize_t size = PyList_GET_SIZE(obj);
        lua_createtable(L, (int)size, 0);
        for (Py_ssize_t i = 0; i < size; i++) {
            to_lua(L, PyList_GET_ITEM(obj, i));
            lua_rawseti(L, -2, (int)i + 1);
        }
    }
    else if (PyDict_Check(obj)) {
        PyObject *key, *value;
        Py_ssize_t at = 0;
        lua_createtable(L, 0, (int)PyDict_GET_SIZE(obj));
        while (PyDict_Next(obj, &at, &key, &value)) {
            to_lua(L, key);
            to_lua(L, value);
            lua_rawset(L, -3);
        }
    }
    else {
        lua_pushnil(L);
    }
}

static int
push_body(lua_State *L)
{
    to_lua(L, lua_touserdata(L, 1));
    return 1;
}

/* Numbers need no memory; the rest goes into a protected call. */
static void
push_value(lua_State *L, PyObject *obj)
{
    if (PyLong_CheckExact(obj) || PyFloat_CheckExact(obj)) {
        to_lua(L, obj);
        return;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, push_ref);
    lua_pushlightuserdata(L, obj);
    lua_pcall(L, 1, 1, 0);
}

/* ---- what a reference does ---- */

static int
ref_call(lua_State *L)
{
    enum { MAX = 4 };
    PyObject *stack[MAX + 1], **args = stack + 1;
    PyObject **self = lua_touserdata(L, 1);
    int first = 2, n = lua_gettop(L) - 1;
    if (n > 0 && lua_isuserdata(L, 2)) {
        lua_Debug ar;
        if (lua_getstack(L, 0, &ar) && lua_getinfo(L, "n", &ar) &&
            ar.namewhat[0] == 'm') {
            first++;
            n--;
        }
    }
    PyObject **box = new_ref(L);
    enter();
    for (int i = 0; i < n; i++) {
        args[i] = to_python(L, first + i);
    }
    PyObject *result = PyObject_Vectorcall(
        *self, args, (size_t)n | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    for (int i = 0; i < n; i++) {
        Py_DECREF(args[i]);
    }
    return finish(L, box, result);
}

/* The one name that a row uses, remembered by the string's address. */
static PyObject *
name(lua_State *L, int index)
{
    static PyObject *known;
    static const char *address;
    const char *s = lua_tostring(L, index);
    if (s != address) {
        Py_XDECREF(known);
        known = PyUnicode_InternFromString(s);
        address = s;
    }
    return known;
}

static int
ref_index(lua_State *L)
{
    PyObject **self = lua_touserdata(L, 1);
    int by_name = lua_type(L, 2) == LUA_TSTRING;
    PyObject **box = new_ref(L), *result;
    enter();
    if (by_name) {
        result = PyObject_GetAttr(*self, name(L, 2));
    }
    else {
        PyObject *key = to_python(L, 2);
        result = PyObject_GetItem(*self, key);
        Py_DECREF(key);
    }
    return finish(L, box, result);
}

static int
ref_add(lua_State *L)
{
    PyObject **self = lua_touserdata(L, 1), **box = new_ref(L);
    enter();
    PyObject *other = to_python(L, 2);
    PyObject *result = PyNumber_Add(*self, other);
    Py_DECREF(other);
    return finish(L, box, result);
}

static int
ref_eq(lua_State *L)
{
    PyObject **a = lua_touserdata(L, 1), **b = lua_touserdata(L, 2);
    enter();
    int equal = PyObject_RichCompareBool(*a, *b, Py_EQ);
    lua_pushboolean(L, equal);
    return leave(1);
}

/* ---- the module ---- */

static PyObject *
main_dict(void)
{
    return PyModule_GetDict(PyImport_AddModule("__main__"));
}

/* ref(expression): a reference */
static int
floor_ref(lua_State *L)
{
    const char *code = luaL_checkstring(L, 1);
    PyObject **box = new_ref(L);
    enter();
    PyObject *dict = main_dict();
    return finish(L, box, PyRun_String(code, Py_eval_input, dict, dict));
}

/* value(ref): converted */
static int
floor_value(lua_State *L)
{
    PyObject **self = lua_touserdata(L, 1);
    enter();
    push_value(L, *self);
    return leave(1);
}

/* evaluator(code): a function (code [, locals]) that evaluates this code,
 * compiled here; upvalue 2 is the code object. */
static int
evaluate(lua_State *L)
{
    PyObject *code = lua_touserdata(L, lua_upvalueindex(2));
    PyObject *globals = lua_touserdata(L, lua_upvalueindex(3));
    int has_locals = lua_gettop(L) > 1;
    enter();
    PyObject *locals = has_locals ? table(L, 2) : globals;
    PyObject *result = PyEval_EvalCode(code, globals, locals);
    push_value(L, result);
    Py_DECREF(result);
    if (has_locals) {
        Py_DECREF(locals);
    }
    return leave(1);
}

static int
floor_evaluator(lua_State *L)
{
    const char *code = luaL_checkstring(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    enter();
    lua_pushlightuserdata(L, Py_CompileString(code, "<floor>", Py_eval_input));
    lua_pushlightuserdata(L, main_dict());
    leave(0);
    lua_pushcclosure(L, evaluate, 3);
    return 1;
}

/* iter(ref): an iterator over converted numbers */
static int
iter_next(lua_State *L)
{
    PyObject **iterator = lua_touserdata(L, lua_upvalueindex(2));
    enter();
    PyObject *item = PyIter_Next(*iterator);
    if (item == NULL) {
        lua_pushnil(L);
        return leave(1);
    }
    push_value(L, item);
    Py_DECREF(item);
    return leave(1);
}

static int
floor_iter(lua_State *L)
{
    PyObject **self = lua_touserdata(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    PyObject **box = new_ref(L);
    enter();
    *box = PyObject_GetIter(*self);
    leave(0);
    lua_pushcclosure(L, iter_next, 2);
    return 1;
}

static int
handler(lua_State *L)
{
    (void)L;
    return 1;
}

static PyObject *
call_lua(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    lua_State *L = main_lua;
    PyObject *result;
    lua_rawgeti(L, LUA_REGISTRYINDEX, handler_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, (int)PyLong_AsLong(self));
    for (Py_ssize_t i = 0; i < n; i++) {
        push_value(L, args[i]);
    }
    PyThreadState *saved = PyEval_SaveThread();
    int status = lua_pcall(L, (int)n, 1, -2 - (int)n);
    PyEval_RestoreThread(saved);
    result = to_python(L, lua_gettop(L));
    if (status != 0) {
        PyErr_SetObject(PyExc_RuntimeError, result);
        Py_CLEAR(result);
    }
    lua_pop(L, 2);
    return result;
}

/* callable(name, f): make `name` in __main__ the Lua function f, which is
 * found by the registry reference that is the callable's `self` */
static int
floor_callable(lua_State *L)
{
    static PyMethodDef def = {"call_lua", (PyCFunction)(void (*)(void))call_lua,
                              METH_FASTCALL, NULL};
    const char *as = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    enter();
    PyObject *self = PyLong_FromLong(ref);
    PyObject *callable = PyCFunction_New(&def, self);
    Py_DECREF(self);
    PyDict_SetItemString(main_dict(), as, callable);
    Py_DECREF(callable);
    return leave(0);
}

/* CPU time of this thread in ns */
static int
floor_cpu(lua_State *L)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    lua_pushnumber(L, (lua_Number)t.tv_sec * 1e9 + (lua_Number)t.tv_nsec);
    return 1;
}

static void
set_functions(lua_State *L, const luaL_Reg *functions)
{
    for (; functions->name != NULL; functions++) {
        lua_pushvalue(L, 1);
        lua_pushcclosure(L, functions->func, 1);
        lua_setfield(L, -2, functions->name);
    }
}

static const luaL_Reg metamethods[] = {
    {"__gc",    ref_gc   },
    {"__call",  ref_call },
    {"__index", ref_index},
    {"__add",   ref_add  },
    {"__eq",    ref_eq   },
    {NULL,      NULL     },
};

static const luaL_Reg functions[] = {
    {"ref",       floor_ref      },
    {"value",     floor_value    },
    {"evaluator", floor_evaluator},
    {"iter",      floor_iter     },
    {"callable",  floor_callable },
    {"cpu",       floor_cpu      },
    {NULL,        NULL           },
};

/* Python runs already, and this thread has let go of the GIL. */
int
luaopen_floor(lua_State *L)
{
    tstate = PyGILState_GetThisThreadState();
    main_lua = L;
    lua_settop(L, 0);
    lua_pushcfunction(L, push_body);
    push_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, handler);
    handler_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L); /* 1: the metatable */
    set_functions(L, metamethods);
    lua_newtable(L);
    set_functions(L, functions);
    return 1;
}
