/* SPDX-License-Identifier: MIT */
/* exec, eval and kin.  Compiling and code with locals are Python's part
 * (pyhelper/_run.py); here is the way there and the cache of compiled code.
 *
 * The cache is a Lua table: code string -> compiled block.  A block knows
 * the place of its code in a Lua file, so the same string met at another
 * place has an entry of its own, under the string and the place. */
#include <string.h>

#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/protect.h"
#include "module/module.h"
#include "object/door.h"

enum mode { EXEC, EVAL };

/* Where a code string stands. */
struct site {
    char source[LUA_IDSIZE];
    const char *file; /* whole name of a Lua file; NULL: no file, `source`
                         says what; short-lived */
    int line;
};

/* What the cache holds, as userdata. */
struct entry {
    PyObject *block; /* owned; NULL: finalized */
    PyObject *code;  /* owned: the block's code object, or NULL */
    char source[LUA_IDSIZE];
    int line;
    int mode;
};

/* After so many strings the cache starts anew: programs that compute their
 * code strings would fill it for ever. */
enum { MAX_ENTRIES = 1000, MAX_CACHED_SIZE = 1 << 16 };

/* ---- the cache ---- */

static int
entry_gc(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct entry *entry = lua_touserdata(L, 1);
    if (!lp_keep_until_closed(L)) {
        lp_release_field(S, &entry->block);
        lp_release_field(S, &entry->code);
    }
    return 0;
}

/* [-0, +1, m] Push the cache's table: { [code] = entry, count in [1] is kept
 * in S }.  Its metatable's field 1 is the entries' metatable. */
static void
push_cache_or_jump(struct lp_state *S, lua_State *L)
{
    lp_push_slot(S, L, LP_SLOT_CODE);
    if (lua_istable(L, -1)) {
        return;
    }
    lua_pop(L, 1);
    lua_newtable(L);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, entry_gc, 1);
    lua_setfield(L, -2, "__gc");
    lua_rawseti(L, -2, 1);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lp_set_slot_or_jump(S, L, LP_SLOT_CODE);
}

/* Which level of the Lua stack calls with a code string: our caller, or that
 * of py.lexec and kin in lua/py/functions.lua, which asks lua/py/locals.lua
 * for names first. */
enum caller { DIRECT = 1, BY_LEXEC = 2, BY_LOCALS = 3 };

static void
find_site(lua_State *L, struct site *site, enum caller caller)
{
    lua_Debug ar;
    site->file = NULL;
    site->line = 0;
    strcpy(site->source, "?");
    /* Past C functions (pcall), to the Lua function that calls. */
    enum { MAX_LEVELS = 4 };
    int end = (int)caller + MAX_LEVELS;
    for (int i = (int)caller; i < end && lua_getstack(L, i, &ar) &&
                              lua_getinfo(L, "Sl", &ar);
         i++) {
        if (ar.currentline <= 0) {
            continue;
        }
        strcpy(site->source, ar.short_src);
        site->line = ar.currentline;
        if (ar.source[0] == '@') {
            site->file = ar.source + 1;
        }
        return;
    }
}

static int
fits(const struct entry *entry, enum mode mode, const struct site *site)
{
    return entry != NULL && entry->mode == (int)mode &&
           entry->line == site->line &&
           strcmp(entry->source, site->source) == 0;
}

/* [-0, +1, m] The key of a string that is known from another place. */
static void
push_long_key_or_jump(lua_State *L, int code, enum mode mode,
                      const struct site *site)
{
    lua_pushvalue(L, code);
    lua_pushfstring(L, "%c%d:%s:%d", 0, (int)mode, site->source, site->line);
    lua_concat(L, 2);
}

/* [-0, +1, m] Push the entry for the string at `code` or nil. */
static struct entry *
find_entry_or_jump(struct lp_state *S, lua_State *L, int code, enum mode mode,
                   const struct site *site)
{
    push_cache_or_jump(S, L);
    lua_pushvalue(L, code);
    lua_rawget(L, -2);
    struct entry *entry = lua_touserdata(L, -1);
    if (entry != NULL && !fits(entry, mode, site)) {
        lua_pop(L, 1);
        push_long_key_or_jump(L, code, mode, site);
        lua_rawget(L, -2);
        entry = lua_touserdata(L, -1);
    }
    lua_remove(L, -2);
    return entry;
}

struct store {
    PyObject *block, *code; /* borrowed */
    enum mode mode;
    const struct site *site;
};

static int
store_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct store *store = ctx;
    if (lua_rawlen(L, 2) > MAX_CACHED_SIZE) {
        return 0;
    }
    if (S->n_code++ >= MAX_ENTRIES) {
        S->n_code = 1;
        lua_pushboolean(L, 0);
        lp_set_slot_or_jump(S, L, LP_SLOT_CODE);
    }
    push_cache_or_jump(S, L); /* 3 */
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 2);
    lua_rawget(L, 3);
    if (!lua_isnil(L, -1)) {
        lua_settop(L, 3);
        push_long_key_or_jump(L, 2, store->mode, store->site);
    }
    lua_settop(L, 4);
    struct entry *entry = lp_new_userdata(L, sizeof *entry);
    memset(entry, 0, sizeof *entry);
    lua_getmetatable(L, 3);
    lua_rawgeti(L, -1, 1);
    lua_setmetatable(L, 5);
    lua_settop(L, 5);
    Py_INCREF(store->block);
    entry->block = store->block;
    Py_XINCREF(store->code);
    entry->code = store->code;
    entry->mode = (int)store->mode;
    entry->line = store->site->line;
    strcpy(entry->source, store->site->source);
    lua_rawset(L, 3);
    return 0;
}

/* [GIL, lock] Compile the string at `index` and remember it.  A new
 * reference to the Block, or NULL with a Python error. */
static PyObject *
compile(struct lp_cross *x, int index, enum mode mode, const char *what,
        const struct site *site)
{
    PyObject *block = NULL, *code = NULL, *compile_block = NULL;
    PyObject *source = lp_to_str(x->frame.L, index);
    if (source == NULL) {
        return NULL;
    }
    lp_cross_unlock(x);
    compile_block = lp_import_attr("pyhelper._run", "compile_block");
    const char *name = site->file != NULL ? site->file : site->source;
    PyObject *chunk = PyUnicode_DecodeUTF8(name, (Py_ssize_t)strlen(name),
                                           "surrogateescape");
    if (compile_block != NULL && chunk != NULL) {
        block = PyObject_CallFunction(compile_block, "OssOi", source,
                                      mode == EXEC ? "exec" : "eval", what,
                                      chunk, site->line);
    }
    Py_XDECREF(chunk);
    if (block != NULL) {
        code = PyObject_GetAttrString(block, "code");
        if (code == NULL) {
            PyErr_Clear(); /* code that only runs with locals */
        }
    }
    Py_DECREF(source);
    Py_XDECREF(compile_block);
    lp_cross_lock(x);
    if (block != NULL) {
        struct store store = {block, code, mode, site};
        lua_pushvalue(x->frame.L, index);
        if (lp_protect(x->frame.S, x->frame.L, store_body, &store, 1, 0) <
            0) {
            PyErr_Clear(); /* not remembered, that is all */
        }
    }
    Py_XDECREF(code);
    return block;
}

/* ---- running ---- */

/* [GIL, no lock] Run a block without locals. */
static PyObject *
run_at_main(PyObject *block, PyObject *code)
{
    PyObject *dict = lp_main_dict(), *result;
    if (dict == NULL) {
        return NULL;
    }
    if (code != NULL) {
        return PyEval_EvalCode(code, dict, dict);
    }
    code = PyObject_GetAttrString(block, "code");
    if (code == NULL) {
        return NULL;
    }
    result = PyEval_EvalCode(code, dict, dict);
    Py_DECREF(code);
    return result;
}

/* [GIL, no lock] Run a block with locals; in_dict: they are its namespace. */
static PyObject *
run_with_locals(PyObject *block, PyObject *locals, int in_dict)
{
    static PyObject *names[2];
    if (names[in_dict] == NULL) {
        names[in_dict] = PyUnicode_InternFromString(in_dict ? "run_in" : "run");
        if (names[in_dict] == NULL) {
            return NULL;
        }
    }
    PyObject *args[] = {block, locals};
    return lp_py.vectorcall_method(names[in_dict], args, 2, NULL);
}

/* [GIL, lock] The locals at `index`, NULL with an error; *in_dict: they are
 * the namespace itself. */
static PyObject *
take_locals(struct lp_cross *x, int index, struct lp_view *view,
            const char *what, int *in_dict)
{
    lua_State *L = x->frame.L;
    struct lp_handle *h = lp_to_ref(L, index);
    *in_dict = h != NULL;
    int fits = lua_istable(L, index) ||
               (h != NULL && (h->obj == NULL || PyDict_Check(h->obj)));
    if (!fits) {
        PyObject *given =
            h == NULL ? PyUnicode_FromString(luaL_typename(L, index))
                      : PyUnicode_FromFormat("reference to %R",
                                             (PyObject *)Py_TYPE(h->obj));
        if (given != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "%s: locals must be a table or a reference to a "
                         "dict, not a %U",
                         what, given);
            Py_DECREF(given);
        }
        return NULL;
    }
    return lp_to_python_as(x->frame.S, L, index, view, LP_TABLE_AS_LOCALS);
}

LP_NOINLINE static int
run_string(lua_State *L, enum mode mode, const char *what, enum lp_result how,
           enum caller caller)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    struct site site;
    int has_locals = !lua_isnoneornil(L, 2);
    lua_settop(L, 2);
    find_site(L, &site, caller);
    struct entry *entry = find_entry_or_jump(S, L, 1, mode, &site); /* 3 */
    int out = 0;
    if (how == LP_AS_REF && !view->by_value) {
        lp_new_ref_or_jump(L, S, view);
        out = 4;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *block, *code = NULL, *locals = NULL, *result = NULL;
    int in_dict = 0;
    if (entry != NULL && entry->block != NULL) { /* not finalized */
        block = entry->block;
        code = entry->code;
        Py_INCREF(block);
        Py_XINCREF(code);
    }
    else {
        block = compile(&x, 1, mode, what, &site);
    }
    if (block != NULL && has_locals) {
        locals = take_locals(&x, 2, view, what, &in_dict);
    }
    if (block != NULL && (locals != NULL || !has_locals)) {
        lp_cross_unlock(&x);
        if (locals == NULL) {
            result = run_at_main(block, code);
        }
        else {
            result = run_with_locals(block, locals, in_dict);
            Py_DECREF(locals);
        }
        lp_cross_lock(&x);
    }
    if (block != NULL) {
        lp_give_up(S, block);
    }
    if (code != NULL) {
        lp_give_up(S, code);
    }
    if (mode == EXEC && result != NULL) {
        Py_DECREF(result); /* None */
        return lp_door_shut(&x, 0, 0);
    }
    int n = lp_push_result(&x, result, view, how, out);
    return lp_door_shut(&x, n, out);
}

/* A reference given to eval or reval. */
static int
run_reference(lua_State *L, struct lp_handle *h, enum lp_result how)
{
    if (h->obj == NULL) {
        lp_check_ref_or_jump(L, 1);
    }
    if (lua_gettop(L) > 1 && !lua_isnil(L, 2)) {
        return luaL_error(L, "py.eval: a reference takes no locals");
    }
    if (how == LP_AS_REF) {
        lua_settop(L, 1);
        return 1;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, h->view->state, L);
    int n = lp_push_result(&x, lp_handle_object(h), h->view, how, 0);
    return lp_door_shut(&x, n, 0);
}

LP_NOINLINE static int
run(lua_State *L, enum mode mode, const char *what, enum lp_result how)
{
    struct lp_handle *h = mode == EVAL ? lp_to_ref(L, 1) : NULL;
    if (h != NULL) {
        return run_reference(L, h, how);
    }
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L,
                          "%s: bad argument #1 (Python code as a string%s "
                          "expected, got %s)",
                          what, mode == EVAL ? " or a reference" : "",
                          luaL_typename(L, 1));
    }
    return run_string(L, mode, what, how, DIRECT);
}

static int
py_exec(lua_State *L)
{
    return lp_return_or_jump(L, run(L, EXEC, "py.exec", LP_AS_VALUE));
}

static int
py_eval(lua_State *L)
{
    return lp_return_or_jump(L, run(L, EVAL, "py.eval", LP_AS_VALUE));
}

static int
py_eval_none(lua_State *L)
{
    return lp_return_or_jump(L,
                             run(L, EVAL, "py.eval_none", LP_AS_VALUE_NONE));
}

static int
py_reval(lua_State *L)
{
    return lp_return_or_jump(L, run(L, EVAL, "py.reval", LP_AS_REF));
}

/* py.lexec, py.leval and py.lreval, given a string and the locals. */
static int
py_lexec(lua_State *L)
{
    return lp_return_or_jump(
        L, run_string(L, EXEC, "py.lexec", LP_AS_VALUE, BY_LEXEC));
}

static int
py_leval(lua_State *L)
{
    return lp_return_or_jump(
        L, run_string(L, EVAL, "py.leval", LP_AS_VALUE, BY_LEXEC));
}

static int
py_lreval(lua_State *L)
{
    return lp_return_or_jump(
        L, run_string(L, EVAL, "py.lreval", LP_AS_REF, BY_LEXEC));
}

/* execfile(path [, locals]) */
static int
py_execfile(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L, "py.execfile: bad argument #1 (path as a string "
                             "expected, got %s)",
                          luaL_typename(L, 1));
    }
    int has_locals = !lua_isnoneornil(L, 2);
    lua_settop(L, 2);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *path = lp_to_str(L, 1), *locals = NULL, *result = NULL;
    int in_dict = 0;
    if (path != NULL && has_locals) {
        locals = take_locals(&x, 2, view, "py.execfile", &in_dict);
    }
    if (path != NULL && (locals != NULL || !has_locals)) {
        lp_cross_unlock(&x);
        PyObject *compile_file =
            lp_import_attr("pyhelper._run", "compile_file");
        PyObject *block =
            compile_file != NULL
                ? PyObject_CallFunctionObjArgs(compile_file, path, NULL)
                : NULL;
        if (block != NULL) {
            result = locals == NULL
                         ? run_at_main(block, NULL)
                         : run_with_locals(block, locals, in_dict);
        }
        Py_XDECREF(compile_file);
        Py_XDECREF(block);
        Py_XDECREF(locals);
        Py_XDECREF(result);
        lp_cross_lock(&x);
    }
    Py_XDECREF(path);
    return lp_door_close(&x, result != NULL ? 0 : -1, 0);
}

/* names(code, 'exec'|'eval'): what the code may read from outside, for
 * lua/py/locals.lua. */
static int
py_names(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    luaL_checkstring(L, 1);
    enum mode mode = lua_toboolean(L, 2) ? EXEC : EVAL;
    struct site site;
    find_site(L, &site, BY_LOCALS);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *names = NULL;
    PyObject *block = compile(&x, 1, mode, "py.lexec", &site);
    if (block != NULL) {
        lp_cross_unlock(&x);
        names = PyObject_GetAttrString(block, "names");
        Py_DECREF(block);
        lp_cross_lock(&x);
    }
    int n = lp_push_result(&x, names, S->view, LP_AS_VALUE, 0);
    return lp_door_close(&x, n, 0);
}

static const luaL_Reg functions[] = {
    {"exec",      py_exec     },
    {"execfile",  py_execfile },
    {"eval",      py_eval     },
    {"eval_none", py_eval_none},
    {"reval",     py_reval    },
    {"_lexec",    py_lexec    },
    {"_leval",    py_leval    },
    {"_lreval",   py_lreval   },
    {"_names",    py_names    },
    {NULL,        NULL        },
};

void
lp_module_run(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
