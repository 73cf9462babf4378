/* SPDX-License-Identifier: MIT */
#include "cross/uncaught.h"

#include <stdlib.h>
#include <string.h>

#include "base/dynlib.h"
#include "base/trace.h"
#include "cross/protect.h"
#include "cross/signal.h"

#if LP_LUA51

/* Functions of Lua's libraries that stop an error; the same in all states,
 * which may learn them at the same time: atomic. */
enum { N_CATCHERS = 3 };
static lua_CFunction catchers[N_CATCHERS];

static lua_CFunction
catcher(int i)
{
    return __atomic_load_n(&catchers[i], __ATOMIC_RELAXED);
}

/* Does a function that runs on L stop errors? */
static int
catches(lua_State *L)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "f", &ar);
        lua_CFunction function = lua_tocfunction(L, -1);
        lua_pop(L, 1);
        for (int i = 0; function != NULL && i < N_CATCHERS; i++) {
            if (function == catcher(i)) {
                return 1;
            }
        }
    }
    return 0;
}

/* Will an error that is raised on L end the program?  Only a "yes" must be
 * right: where the API does not show who waits for L, it is "no". */
static int
ends_program(struct lp_state *S, lua_State *L)
{
    if (catcher(0) == NULL || S->python_host ||
        lp_this_thread.frame->outer != NULL) {
        return 0;
    }
    lua_State *thread = S->main;
    while (thread != NULL && lua_checkstack(thread, 1) && !catches(thread)) {
        if (thread == L) {
            return 1;
        }
        thread = lp_resumed_by(thread);
    }
    return 0;
}

static int
push_text_body(lua_State *L, struct lp_state *S, void *ctx)
{
    PyObject *bytes = ctx;
    (void)S;
    lua_pushlstring(L, PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes));
    return 1;
}

/* [GIL, no lock] The text of an error, in Lua's encoding, or NULL. */
static PyObject *
error_bytes(PyObject *exc, const char *lua_stack)
{
    PyObject *module = PyImport_ImportModule("pyhelper._errors");
    PyObject *text =
        module != NULL
            ? PyObject_CallMethod(module, "format_error", "Oz", exc, lua_stack)
            : NULL;
    PyObject *bytes = text != NULL ? PyUnicode_AsEncodedString(
                                         text, "utf-8", "surrogateescape")
                                   : NULL;
    Py_XDECREF(text);
    Py_XDECREF(module);
    return bytes;
}

/* `with_stack`: the host's own traceback will not show where it arose. */
static void
show_as_text(struct lp_state *S, lua_State *L, int with_stack)
{
    struct lp_error *e = lp_to_error(L, -1);
    if (e == NULL || e->raised == NULL || !ends_program(S, L)) {
        return;
    }
    PyObject *exc = e->raised->exc;
    struct lp_trace *trace = with_stack ? e->raised->trace : NULL;
    char *stack = trace != NULL ? lp_trace_text(trace) : NULL;
    Py_INCREF(exc);
    lp_python_runs(S);
    PyObject *bytes = error_bytes(exc, stack);
    Py_DECREF(exc);
    lp_python_ran(S);
    free(stack);
    if (bytes == NULL || lp_protect(S, L, push_text_body, bytes, 0, 1) < 0) {
        PyErr_Clear(); /* then it stays an error object */
    } else {
        lua_replace(L, -2);
    }
    Py_XDECREF(bytes);
}

void
lp_show_uncaught(struct lp_state *S, lua_State *L)
{
    if (!S->luajit) {
        show_as_text(S, L, L != S->main);
    }
}

/* error(message [, level]) of Lua 5.1, for error objects too. */
static int
error_or_text(lua_State *L)
{
    int level = luaL_optint(L, 2, 1);
    lua_settop(L, 1);
    if (lp_to_error(L, 1) != NULL && lp_python_alive) {
        struct lp_state *S = lp_state_of(L);
        struct lp_cross x;
        lp_cross_begin_or_jump(&x, S, L);
        show_as_text(S, L, 1);
        lp_cross_end(&x);
    } else if (lua_isstring(L, 1) && level > 0) {
        luaL_where(L, level);
        lua_insert(L, 1);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* [+1] A function of a library: NULL if somebody has put another there. */
static lua_CFunction
push_library_function(lua_State *L, const char *library, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, library);
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, name);
    } else {
        lua_pushnil(L);
    }
    lua_insert(L, -3);
    lua_pop(L, 2);
    return lua_tocfunction(L, -1);
}

void
lp_uncaught_init_or_jump(struct lp_state *S, lua_State *L)
{
    static const struct {
        const char *library, *name;
    } names[N_CATCHERS] = {
        {"_G",        "pcall" },
        {"_G",        "xpcall"},
        {"coroutine", "resume"}
    };
    lua_CFunction found[N_CATCHERS];
    int complete = !S->luajit;
    for (int i = 0; i < N_CATCHERS; i++) {
        found[i] = push_library_function(L, names[i].library, names[i].name);
        complete = complete && found[i] != NULL;
        lua_pop(L, 1);
    }
    if (!complete) {
        return;
    }
    for (int i = 0; i < N_CATCHERS; i++) {
        __atomic_store_n(&catchers[i], found[i], __ATOMIC_RELAXED);
    }
    if (push_library_function(L, "_G", "error") != NULL) {
        lua_pushcfunction(L, error_or_text);
        lua_setglobal(L, "error");
    }
    lua_pop(L, 1);
}

int
lp_host_shows_stack(struct lp_state *S, lua_State *L,
                    const struct lp_trace *trace)
{
    enum { HANDLER = 1, RAISED_BY = 2 }; /* levels; 0 is __tostring */
    lua_Debug ar;
    if (!S->luajit || trace == NULL || !lua_getstack(L, HANDLER, &ar) ||
        !lua_getinfo(L, "f", &ar)) {
        return 0;
    }
    /* A C function of the program `luajit` that is none of Lua's. */
    lua_CFunction handler = lua_tocfunction(L, -1);
    const char *file =
        handler != NULL ? lp_dynlib_file((const void *)handler) : NULL;
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : file;
    lua_CFunction print = push_library_function(L, "_G", "print");
    lua_pop(L, 2);
    return name != NULL && strncmp(name, "luajit", 6) == 0 &&
           handler != print && lp_trace_is_of(trace, L, RAISED_BY + 1);
}

#else

int
lp_host_shows_stack(struct lp_state *S, lua_State *L,
                    const struct lp_trace *trace)
{
    (void)S;
    (void)L;
    (void)trace;
    return 0;
}

void
lp_show_uncaught(struct lp_state *S, lua_State *L)
{
    (void)S;
    (void)L;
}

void
lp_uncaught_init_or_jump(struct lp_state *S, lua_State *L)
{
    (void)S;
    (void)L;
}

#endif
