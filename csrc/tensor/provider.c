/* SPDX-License-Identifier: MIT */
#include "tensor/provider.h"

enum { MAX_PROVIDERS = 4 };
static const struct lp_tensor_provider *providers[MAX_PROVIDERS];
static int n_providers;

void
lp_provider_register(const struct lp_tensor_provider *provider)
{
    for (int i = 0; i < n_providers; i++) {
        if (providers[i] == provider) {
            return;
        }
    }
    if (n_providers < MAX_PROVIDERS) {
        providers[n_providers++] = provider;
    }
}

int
lp_tensor_to_python(struct lp_state *S, lua_State *L, int index,
                    PyObject **result)
{
    for (int i = 0; i < n_providers; i++) {
        int done = providers[i]->to_python(S, L, index, result);
        if (done != 0) {
            return done;
        }
    }
    return 0;
}

int
lp_array_kind(struct lp_state *S, PyObject *obj)
{
    (void)S;
    (void)obj;
    return LP_NOT_ARRAY;
}

int
lp_tensor_push(struct lp_state *S, lua_State *L, PyObject *obj, int share,
               int nested)
{
    (void)nested;
    for (int i = 0; i < n_providers; i++) {
        int done = providers[i]->from_python(S, L, obj, share);
        if (done != 0) {
            return done;
        }
    }
    return 0;
}
