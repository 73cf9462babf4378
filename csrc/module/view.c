/* SPDX-License-Identifier: MIT */
/* The table of functions of a view, and py.register's store. */
#include "convert/options.h"
#include "cross/protect.h"
#include "module/functions.h"
#include "module/module.h"
#include "object/door.h"

static void
add_constant_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                     const char *module, const char *attr, const char *name)
{
    struct lp_handle *h = lp_new_ref_or_jump(L, S, view);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_cross_unlock(&x);
    h->obj = attr != NULL ? lp_import_attr(module, attr)
                          : PyImport_ImportModule(module);
    lp_cross_lock(&x);
    if (h->obj == NULL) {
        lp_door_close(&x, -1, 0);
        return;
    }
    lp_cross_end(&x);
    S->n_refs++;
    lua_setfield(L, -2, name);
}

/* [-0, +1, em] Push the function table of a view. */
void
lp_push_functions_or_jump(lua_State *L, struct lp_state *S,
                          struct lp_view *view)
{
    lua_newtable(L);
    lp_module_run(L, S, view);
    lp_module_import(L, S, view);
    lp_module_function(L, S, view);
    lp_module_iterate(L, S, view);
    lp_module_life(L, S, view);
    lp_module_start(L, S, view);
    lp_module_tensor(L, S, view);
    lp_module_view(L, S, view);
    lp_push_slot(S, L, LP_SLOT_NONE);
    lua_setfield(L, -2, "None");
    lp_push_slot(S, L, LP_SLOT_ARGS);
    lua_setfield(L, -2, "args");
    lp_push_slot(S, L, LP_SLOT_KWARGS);
    lua_setfield(L, -2, "kwargs");
    add_constant_or_jump(L, S, view, "builtins", "Ellipsis", "Ellipsis");
    add_constant_or_jump(L, S, view, "builtins", NULL, "builtins");
}

/* _new(options) -> the functions of another view */
static int
view_new(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
    }
    struct lp_view *view = lp_view_new_or_jump(S, L, lua_istable(L, 1));
    lp_push_functions_or_jump(L, S, view);
    return 1;
}

/* _converters() -> this view's table of converters, made at first use; see
 * convert/registered.h for what lies in it. */
static int
view_converters(lua_State *L)
{
    struct lp_view *view = LP_VIEW(L);
    if (view->converters == LUA_NOREF) {
        lua_newtable(L);
        lua_newtable(L);
        lua_setfield(L, -2, "types");
        view->converters = luaL_ref(L, LUA_REGISTRYINDEX);
        view->has_converters = 1;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, view->converters);
    return 1;
}

/* _is_ref(value), _is_error(value) -> boolean */
static int
is_ref(lua_State *L)
{
    lua_pushboolean(L, lp_to_ref(L, 1) != NULL);
    return 1;
}

static int
is_error_object(lua_State *L)
{
    lua_pushboolean(L, lp_to_error(L, 1) != NULL);
    return 1;
}

static const luaL_Reg functions[] = {
    {"_new",        view_new       },
    {"_converters", view_converters},
    {"_is_ref",     is_ref         },
    {"_is_error",   is_error_object},
    {NULL,          NULL           },
};

void
lp_module_view(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
