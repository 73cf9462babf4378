/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/generator.h"

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
