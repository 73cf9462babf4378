/* SPDX-License-Identifier: MIT */
#include "convert/options.h"

#include <string.h>

/* 1 if the field has its special value, 0 if it is absent or has the usual
 * one. */
static unsigned
read_option(lua_State *L, int index, const char *name, const char *usual,
            const char *special)
{
    lua_getfield(L, index, name);
    const char *value = lua_tostring(L, -1);
    unsigned is_special = value != NULL && strcmp(value, special) == 0;
    if (!lua_isnil(L, -1) && !is_special &&
        (value == NULL || strcmp(value, usual) != 0)) {
        luaL_error(L, "py.new: option %s must be '%s' or '%s', not %s%s", name,
                   usual, special, value != NULL ? "" : "a ",
                   value != NULL ? value : luaL_typename(L, -1));
    }
    lua_pop(L, 1);
    return is_special;
}

static void
check_names(lua_State *L, int index)
{
    static const char *const known[] = {"numbers", "strings", "unknown",
                                        "results", NULL};
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        const char *name =
            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        int i = 0;
        while (known[i] != NULL && strcmp(known[i], name) != 0) {
            i++;
        }
        if (known[i] == NULL) {
            luaL_error(L, "py.new: there is no option '%s' (options: "
                          "numbers, strings, unknown, results)",
                       name);
        }
        lua_pop(L, 1);
    }
}

struct lp_view *
lp_view_new_or_jump(struct lp_state *S, lua_State *L, int index)
{
    struct lp_view options = {.state = S,
                              .converters = LUA_NOREF,
                              .funcs = LUA_NOREF};
    if (index != 0) {
        check_names(L, index);
        options.numbers_float =
            read_option(L, index, "numbers", "int", "float");
        options.strings_bytes =
            read_option(L, index, "strings", "str", "bytes");
        options.unknown_error =
            read_option(L, index, "unknown", "reference", "error");
        options.by_value =
            read_option(L, index, "results", "reference", "value");
    }
    struct lp_view *view = lp_view_alloc();
    if (view == NULL) {
        luaL_error(L, "not enough memory");
    }
    options.id = S->views != NULL ? S->views->id + 1 : 0;
    options.next = S->views;
    *view = options;
    S->views = view;
    return view;
}
