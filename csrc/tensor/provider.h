/* SPDX-License-Identifier: MIT */
/* What the converters know of tensors: this interface, never a provider.
 * Providers (numpy_tensor.c, torch7_tensor.c) register themselves. */
#ifndef LP_PROVIDER_H
#define LP_PROVIDER_H

#include "base/state.h"

struct lp_tensor_provider {
    const char *name; /* as py.info() shows it */

    /* [GIL, lock; -0, +0, -] If the value at `index` is a tensor or storage
     * of this provider, make the ndarray on its memory.  1 done, 0 another
     * kind of value, -1 Python error.  Runs Lua only inside lp_protect. */
    int (*to_python)(struct lp_state *S, lua_State *L, int index,
                     PyObject **result);

    /* [GIL, lock, inside lp_protect; -0, +1, em] If this provider is the
     * state's, push a tensor for an array.  `share`: refuse (ValueError with
     * the reason) what could only be copied.  1 pushed, 0 this is no array,
     * -1 Python error. */
    int (*from_python)(struct lp_state *S, lua_State *L, PyObject *array,
                       int share);
};

/* [-] At most four; the order of registration is the order of asking. */
void lp_provider_register(const struct lp_tensor_provider *provider);

/* [GIL, lock; -0, +0, -] The converters' side: any provider's value. */
int lp_tensor_to_python(struct lp_state *S, lua_State *L, int index,
                        PyObject **result);

/* What a Python object is to the array protocols. */
enum lp_array_kind {
    LP_NOT_ARRAY,
    LP_ARRAY,       /* ndarray, DLPack or buffer: goes to a provider */
    LP_INTEGER,     /* NumPy integer scalar or 0-d integer array */
    LP_FLOAT,       /* NumPy floating scalar or 0-d array */
    LP_BOOLEAN,     /* numpy.bool_ */
    LP_TABLE,       /* array of objects or strings: `tolist()` */
};
/* [GIL, lock] Classify; LP_NOT_ARRAY costs no failing look-up for types that
 * were seen before.  -1 with a Python error. */
int lp_array_kind(struct lp_state *S, PyObject *obj);

/* [GIL, lock, inside lp_protect; -0, +1, em] Push a tensor for an object of
 * kind LP_ARRAY.  1 pushed, 0 none of the providers takes it (`nested` says
 * that it lies in a container, where a reference serves), -1 Python error. */
int lp_tensor_push(struct lp_state *S, lua_State *L, PyObject *obj, int share,
                   int nested);

#endif
