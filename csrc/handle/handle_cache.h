/* SPDX-License-Identifier: MIT */
/* The Python objects that live for Lua values, found by the value's address
 * and the view: the same value is the same object.  They are not owned. */
#ifndef LP_HANDLE_CACHE_H
#define LP_HANDLE_CACHE_H

#include "handle/lua_handle.h"

/* All: [GIL].  The object for a value, or NULL. */
struct lp_lua_object *lp_handle_cache_find(const struct lp_handle_cache *cache,
                                           const void *address,
                                           const struct lp_view *view);
/* 0, or -1 when out of memory (cache unchanged). */
int lp_handle_cache_add(struct lp_handle_cache *cache,
                        struct lp_lua_object *object);
/* It must be in the cache. */
void lp_handle_cache_remove(struct lp_handle_cache *cache,
                            const struct lp_lua_object *object);

#endif
