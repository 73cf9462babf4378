/* SPDX-License-Identifier: MIT */
/* Error objects: a Python exception as a Lua error value.  It holds the
 * exception and the captured Lua stack; text is made when it is read. */
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "convert/to_lua.h"
#include "cross/uncaught.h"
#include "object/door.h"
#include "object/py_object.h"

static struct lp_error *
check_error_or_jump(lua_State *L, int index)
{
    struct lp_error *e = lp_to_error(L, index);
    if (e == NULL || e->raised == NULL) {
        luaL_error(L, "bad argument #%d (error object of py expected, got "
                      "%s)",
                   index, luaL_typename(L, index));
    }
    return e;
}

/* The captured Lua stack as str, or None. */
static PyObject *
lua_stack(const struct lp_error *e)
{
    struct lp_trace *trace = e->raised->trace;
    char *text = trace != NULL ? lp_trace_text(trace) : NULL;
    if (text == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *stack =
        PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    free(text);
    return stack;
}

/* ---- the fields; each [GIL, no lock], a new reference ---- */

static PyObject *
call_errors(const char *function, PyObject *a, PyObject *b)
{
    PyObject *module = PyImport_ImportModule("pyhelper._errors");
    if (module == NULL) { /* pyhelper is not there: what can be said without */
        PyErr_Clear();
        return PyUnicode_FromFormat("%R", a);
    }
    PyObject *result =
        b != NULL ? PyObject_CallMethod(module, function, "OO", a, b)
                  : PyObject_CallMethod(module, function, "O", a);
    Py_DECREF(module);
    return result;
}

static PyObject *
field_type(PyObject *exc, PyObject *stack)
{
    (void)stack;
    return PyObject_GetAttrString((PyObject *)Py_TYPE(exc), "__name__");
}

static PyObject *
field_message(PyObject *exc, PyObject *stack)
{
    (void)stack;
    return call_errors("message", exc, NULL);
}

static PyObject *
field_traceback(PyObject *exc, PyObject *stack)
{
    (void)stack;
    return call_errors("format_error", exc, Py_None);
}

static PyObject *
field_lua_traceback(PyObject *exc, PyObject *stack)
{
    (void)exc;
    Py_INCREF(stack);
    return stack;
}

static PyObject *
whole_text(PyObject *exc, PyObject *stack)
{
    return call_errors("format_error", exc, stack);
}

typedef PyObject *(*field_function)(PyObject *exc, PyObject *stack);

static const struct {
    const char *name;
    field_function get;
} fields[] = {
    {"type",          field_type         },
    {"message",       field_message      },
    {"traceback",     field_traceback    },
    {"lua_traceback", field_lua_traceback},
};

/* [+1 or jump] Push what a field function returns for the error at 1. */
static int
read_field(lua_State *L, struct lp_state *S, const struct lp_error *e,
           field_function get)
{
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *exc = lp_error_object(e), *result = NULL;
    PyObject *stack = exc != NULL ? lua_stack(e) : NULL;
    if (stack != NULL) {
        lp_cross_unlock(&x);
        result = get(exc, stack);
        lp_cross_lock(&x);
        lp_queue_decref(S, stack);
    }
    if (exc != NULL) {
        lp_queue_decref(S, exc);
    }
    int n = lp_push_result(&x, result, S->view, LP_AS_VALUE, 0);
    return lp_door_close(&x, n, 0);
}

/* ---- string methods: e:match(...), as on fb.python's error strings ---- */

static int
string_method(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_error *e = lp_to_error(L, 1);
    if (e != NULL) {
        read_field(L, S, e, whole_text);
        lua_replace(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int
error_index(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_error *e = check_error_or_jump(L, 1);
    const char *name =
        lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "value") == 0) {
        struct lp_view *view = lp_error_view(e);
        lp_new_ref_or_jump(L, S, view);
        struct lp_cross x;
        lp_cross_begin_or_jump(&x, S, L);
        int n = lp_push_result(&x, lp_error_object(e), view, LP_AS_REF,
                               lua_gettop(L));
        return lp_door_close(&x, n, 0);
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0) {
            return read_field(L, S, e, fields[i].get);
        }
    }
    /* The methods of strings; their table is the metatable's __index. */
    lua_pushliteral(L, "");
    if (!luaL_getmetafield(L, -1, "__index")) {
        return 0;
    }
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    if (!lua_isfunction(L, -1)) {
        return 0;
    }
    lua_pushlightuserdata(L, S);
    lua_insert(L, -2);
    lua_pushcclosure(L, string_method, 2);
    return 1;
}

static int
error_tostring(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_error *e = check_error_or_jump(L, 1);
    return read_field(L, S, e,
                      lp_host_shows_stack(S, L, e->raised->trace)
                          ? field_traceback
                          : whole_text);
}

static int
error_concat(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    lua_settop(L, 2);
    for (int i = 1; i <= 2; i++) {
        struct lp_error *e = lp_to_error(L, i);
        if (e != NULL) {
            read_field(L, S, e, whole_text);
            lua_replace(L, i);
        }
    }
    lua_concat(L, 2);
    return 1;
}

static int
error_len(lua_State *L)
{
    error_tostring(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

/* Two error objects are equal if they hold the same exception. */
static int
error_eq(lua_State *L)
{
    struct lp_error *a = lp_to_error(L, 1), *b = lp_to_error(L, 2);
    lua_pushboolean(L, a != NULL && b != NULL && a->raised != NULL &&
                           b->raised != NULL &&
                           a->raised->exc == b->raised->exc);
    return 1;
}

static const luaL_Reg metamethods[] = {
    {"__index",    error_index   },
    {"__tostring", error_tostring},
    {"__concat",   error_concat  },
    {"__len",      error_len     },
    {"__eq",       error_eq      },
    {NULL,         NULL          },
};

void
lp_py_error_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_createtable(L, 0, (int)(sizeof metamethods / sizeof *metamethods) + 2);
    for (const luaL_Reg *m = metamethods; m->name != NULL; m++) {
        lua_pushlightuserdata(L, S);
        lua_pushcclosure(L, m->func, 1);
        lua_setfield(L, -2, m->name);
    }
    lp_handle_set_gc_or_jump(L, 1);
    lua_pushliteral(L, "py.error");
    lua_setfield(L, -2, "__name");
    lp_set_slot_or_jump(S, L, LP_SLOT_ERROR_MT);
}
