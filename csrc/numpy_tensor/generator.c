/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/generator.h"

#include <string.h>

#include "handle/py_handle.h"
#include "numpy_tensor/operation.h"

static const char stream_magic = 'r';

static struct lp_stream *
to_stream(lua_State *L, int index)
{
    struct lp_stream *stream = lua_touserdata(L, index);
    return stream != NULL && lua_rawlen(L, index) == sizeof *stream &&
                   stream->magic == &stream_magic
               ? stream
               : NULL;
}

static int
stream_gc(lua_State *L)
{
    struct lp_stream *stream = to_stream(L, 1);
    if (stream != NULL && !lp_keep_until_closed(L)) {
        stream->magic = NULL;
        lp_release_field(stream->S, &stream->owners[0]);
        lp_release_field(stream->S, &stream->owners[1]);
    }
    return 0;
}

/* [GIL] Are these the words and the position that are the item `key` and the
 * item `pos` of `state`?  0 with a Python error perhaps. */
static int
is_state(const struct lp_twister *twister, PyObject *state)
{
    PyObject *key = PyMapping_GetItemString(state, "key");
    PyObject *position = PyMapping_GetItemString(state, "pos");
    Py_buffer view;
    int same = 0;
    if (key != NULL && position != NULL &&
        PyObject_GetBuffer(key, &view, PyBUF_SIMPLE) == 0) {
        same = view.len == (Py_ssize_t)sizeof twister->words &&
               memcmp(view.buf, twister->words, sizeof twister->words) == 0 &&
               PyLong_AsLong(position) == twister->position;
        PyBuffer_Release(&view);
    }
    Py_XDECREF(key);
    Py_XDECREF(position);
    return same;
}

/* [GIL] NumPy does not say what its bit generators keep in memory: this one
 * tells what it has now, which is as good as random. */
static struct lp_twister *
find_twister(const struct lp_bitgen *bits, PyObject *object)
{
    struct lp_twister *twister = bits->state;
    PyObject *all = PyObject_GetAttrString(object, "state");
    PyObject *state =
        all != NULL ? PyMapping_GetItemString(all, "state") : NULL;
    int same = state != NULL && is_state(twister, state);
    Py_XDECREF(state);
    Py_XDECREF(all);
    PyErr_Clear();
    return same ? twister : NULL;
}

/* [GIL] What the objects have for us; 0 if it is something else. */
static int
look(struct lp_stream *stream, PyObject *bits, PyObject *capsule,
     PyObject *shared)
{
    Py_buffer view;
    if (!PyCapsule_IsValid(capsule, "BitGenerator") ||
        PyObject_GetBuffer(shared, &view, PyBUF_WRITABLE) < 0) {
        PyErr_Clear();
        return 0;
    }
    stream->bits = PyCapsule_GetPointer(capsule, "BitGenerator");
    stream->shared = view.buf;
    int fits = view.len == LP_N_SHARED * (Py_ssize_t)sizeof(double);
    PyBuffer_Release(&view); /* a memoryview: it stays where it is */
    if (fits) {
        stream->twister = find_twister(stream->bits, bits);
        Py_INCREF(bits);
        Py_INCREF(shared);
        stream->owners[0] = bits;
        stream->owners[1] = shared;
        stream->magic = &stream_magic;
    }
    return fits;
}

int
lp_library_random(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 4);
    const struct lp_handle *handles[3];
    for (int i = 0; i < 3; i++) {
        handles[i] = lp_check_ref_or_jump(L, i + 2);
    }
    struct lp_stream *stream = lp_new_userdata(L, sizeof *stream);
    stream->magic = NULL;
    stream->S = S;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, stream_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, 1);
    lp_set_slot_or_jump(S, L, LP_SLOT_TENSOR4);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int fits = handles[0]->obj != NULL && handles[1]->obj != NULL &&
               handles[2]->obj != NULL &&
               look(stream, handles[0]->obj, handles[1]->obj,
                    handles[2]->obj);
    lp_cross_end(&x);
    if (!fits) {
        lua_pushnil(L);
    }
    return 1;
}

const struct lp_stream *
lp_push_stream_or_jump(struct lp_state *S, lua_State *L, int index)
{
    if (index == 0) {
        lp_push_slot(S, L, LP_SLOT_TENSOR4);
        if (!lua_istable(L, -1)) { /* torch, once there is a generator */
            return NULL;
        }
        lua_pushliteral(L, "_gen");
        lua_rawget(L, -2);
        index = lua_gettop(L);
        if (!lua_istable(L, index)) {
            return NULL;
        }
    }
    lua_rawgeti(L, index, 1);
    return to_stream(L, -1);
}
