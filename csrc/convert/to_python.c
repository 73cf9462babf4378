/* SPDX-License-Identifier: MIT */
/* Scalars and handles; tables are walked in convert/table_to_python.c. */
#include "convert/to_python.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "convert/registered.h"
#include "convert/table.h"
#include "cross/error.h"
#include "handle/lua_handle.h"
#include "tensor/provider.h"

PyObject *
lp_to_str(lua_State *L, int index)
{
    size_t n;
    const char *s = lua_tolstring(L, index, &n);
    return PyUnicode_DecodeUTF8(s, (Py_ssize_t)n, "surrogateescape");
}

/* An integral double within 2^53 as int, others as float; -0.0 stays. */
static PyObject *
int_or_float(lua_Number n)
{
    if (n >= -LP_MAX_EXACT && n <= LP_MAX_EXACT) {
        long long i = (long long)n;
        if ((lua_Number)i == n && (i != 0 || !signbit(n))) {
            return PyLong_FromLongLong(i);
        }
    }
    return PyFloat_FromDouble(n);
}

static PyObject *
convert_string(lua_State *L, int index, struct lp_view *view)
{
    size_t n;
    const char *s = lua_tolstring(L, index, &n);
    if (view->strings_bytes) {
        return PyBytes_FromStringAndSize(s, (Py_ssize_t)n);
    }
    return view->encoding[0] == '\0'
               ? PyUnicode_DecodeUTF8(s, (Py_ssize_t)n, "surrogateescape")
               : PyUnicode_Decode(s, (Py_ssize_t)n, view->encoding, "strict");
}

PyObject *
lp_number_to_python(lua_State *L, int index, struct lp_view *view)
{
    if (view->numbers_float) {
        return PyFloat_FromDouble(lua_tonumber(L, index));
    }
#if LP_LUA53_UP
    return lua_isinteger(L, index)
               ? PyLong_FromLongLong(lua_tointeger(L, index))
               : PyFloat_FromDouble(lua_tonumber(L, index));
#else
    /* One number type: NumPy and range() refuse floats as sizes. */
    return int_or_float(lua_tonumber(L, index));
#endif
}

/* LuaJIT's 64-bit integers: lua_topointer gives the payload, and the ctype
 * id stands 6 bytes before it (11 int64_t, 12 uint64_t). */
static PyObject *
convert_cdata(struct lp_state *S, lua_State *L, int index,
              struct lp_view *view)
{
    enum { CTID_INT64 = 11, CTID_UINT64 = 12, CTID_OFFSET = 6 };
    const char *payload = lua_topointer(L, index);
    uint16_t ctype;
    memcpy(&ctype, payload - CTID_OFFSET, sizeof ctype);
    if (ctype == CTID_INT64) {
        int64_t i;
        memcpy(&i, payload, sizeof i);
        return PyLong_FromLongLong(i);
    }
    if (ctype == CTID_UINT64) {
        uint64_t u;
        memcpy(&u, payload, sizeof u);
        return PyLong_FromUnsignedLongLong(u);
    }
    return lp_wrap_lua(S, L, index, view);
}

static PyObject *
convert_userdata(struct lp_state *S, lua_State *L, int index,
                 struct lp_view *view)
{
    struct lp_handle *h = lp_to_ref(L, index);
    if (h != NULL) {
        return lp_handle_object(h);
    }
    struct lp_error *e = lp_to_error(L, index);
    if (e != NULL) {
        return lp_error_object(e);
    }
    if (view->python_first) {
        return lp_wrap_lua(S, L, index, view);
    }
    PyObject *array = NULL;
    int found = lp_tensor_to_python(S, L, index, &array);
    if (found != 0) {
        return found > 0 ? array : NULL;
    }
    return lp_wrap_lua(S, L, index, view);
}

PyObject *
lp_to_python(struct lp_state *S, lua_State *L, int index,
             struct lp_view *view)
{
    if (LP_UNLIKELY(view->has_converters)) {
        PyObject *result = NULL;
        int done = lp_registered_to_python(S, L, index, view, &result);
        if (done != 0) {
            return done > 0 ? result : NULL;
        }
    }
    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
        Py_RETURN_NONE;
    case LUA_TBOOLEAN:
        return PyBool_FromLong(lua_toboolean(L, index));
    case LUA_TNUMBER:
        return lp_number_to_python(L, index, view);
    case LUA_TSTRING:
        return convert_string(L, index, view);
    case LUA_TTABLE:
        if (view->python_first) {
            return lp_wrap_lua(S, L, index, view);
        }
        return lp_table_to_python(S, L, index, view, LP_TABLE_BY_KEYS);
    case LUA_TUSERDATA:
        return convert_userdata(S, L, index, view);
    case LP_TCDATA:
        return convert_cdata(S, L, index, view);
    default: /* function, thread, light userdata */
        return lp_wrap_lua(S, L, index, view);
    }
}

PyObject *
lp_key_to_python(struct lp_state *S, lua_State *L, int index,
                 struct lp_view *view)
{
    static struct lp_view plain; /* the rules as they are by default */
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        return lp_to_str(L, index);
    case LUA_TNUMBER:
#if LP_LUA53_UP
        if (!lua_isinteger(L, index)) {
            return int_or_float(lua_tonumber(L, index));
        }
#endif
        return lp_number_to_python(L, index, &plain);
    default:
        return lp_to_python(S, L, index, view);
    }
}

PyObject *
lp_to_python_as(struct lp_state *S, lua_State *L, int index,
                struct lp_view *view, enum lp_table_as as)
{
    return lua_type(L, index) == LUA_TTABLE
               ? lp_table_to_python(S, L, index, view, as)
               : lp_to_python(S, L, index, view);
}
