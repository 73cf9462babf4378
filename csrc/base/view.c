/* SPDX-License-Identifier: MIT */
#include "base/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/state.h"

struct lp_view lp_near_views[LP_NEAR_VIEWS];

/* Lua states begin and end in any OS thread; atomic. */
static unsigned char is_used[LP_NEAR_VIEWS];

struct lp_view *
lp_view_alloc(void)
{
    for (int i = 0; i < LP_NEAR_VIEWS; i++) {
        if (!__atomic_load_n(&is_used[i], __ATOMIC_RELAXED) &&
            !__atomic_exchange_n(&is_used[i], 1, __ATOMIC_ACQUIRE)) {
            return &lp_near_views[i];
        }
    }
    return calloc(1, sizeof(struct lp_view));
}

void
lp_view_free(struct lp_view *view)
{
    if (view < lp_near_views || view >= lp_near_views + LP_NEAR_VIEWS) {
        free(view);
        return;
    }
    memset(view, 0, sizeof *view);
    __atomic_store_n(&is_used[view - lp_near_views], 0, __ATOMIC_RELEASE);
}

int
lp_is_far_view(lua_State *L, uintptr_t address)
{
    struct lp_state *S = lp_state_of(L);
    if (S == NULL) {
        S = lp_closing_state();
    }
    struct lp_view *view = S != NULL ? S->views : NULL;
    while (view != NULL && (uintptr_t)view != address) {
        view = view->next;
    }
    return view != NULL;
}
