/* SPDX-License-Identifier: MIT */
/* What the rest knows of tensors: this interface, never a provider.
 * Providers (torch7_tensor.c, numpy_tensor.c) are registered by the door. */
#ifndef LP_PROVIDER_H
#define LP_PROVIDER_H

#include "base/state.h"
#include "tensor/ndarray.h"

struct lp_tensor_provider {
    const char *name; /* as py.info() shows it */

    /* [GIL, lock; -0, +0, -] If the value at `index` is a tensor or storage
     * of this provider, make the ndarray on its memory.  1 done, 0 another
     * kind of value, -1 Python error.  Runs Lua only inside lp_protect.
     * NumPy may not be imported yet. */
    int (*to_python)(struct lp_state *S, lua_State *L, int index,
                     PyObject **result);

    /* [lock, GIL or not; -0, +0, m] Can it serve this state? */
    int (*available_or_jump)(struct lp_state *S, lua_State *L);

    /* [GIL, lock, inside lp_protect; -0, +1, em] Push a tensor on memory
     * that `array` owns.  0, or -1 with a Python error.  NumPy is there. */
    int (*push)(struct lp_state *S, lua_State *L,
                const struct lp_layout *layout, PyObject *array);

    /* [lock, no GIL; -0, +1, em] Push the table of functions with which Lua
     * code makes tensors; NULL if the provider brings its own library. */
    void (*push_library_or_jump)(struct lp_state *S, lua_State *L);
};

/* [-] At most four; the order of registration is the order of asking. */
void lp_provider_register(const struct lp_tensor_provider *provider);

/* [lock; -0, +0, m] The provider of this state's tensors, which the first
 * call fixes. */
const struct lp_tensor_provider *lp_provider_or_jump(struct lp_state *S,
                                                     lua_State *L);
/* [lock; -0, +1, em] Push the library of the provider that has one: it works
 * also in a state whose arrays become the other provider's tensors. */
void lp_push_tensor_library_or_jump(struct lp_state *S, lua_State *L);

/* [GIL, lock] For providers: NumPy is imported by the first tensor, which
 * need not have come from there.  0 or -1. */
int lp_need_numpy(struct lp_state *S);

/* [GIL, lock; -0, +0, -] Any provider's value; results as of `to_python`. */
int lp_tensor_to_python(struct lp_state *S, lua_State *L, int index,
                        PyObject **result);

/* What a Python object is to the array protocols. */
enum lp_array_kind {
    LP_NOT_ARRAY,
    LP_ARRAY,       /* ndarray, DLPack or buffer: goes to a provider */
    LP_INTEGER,     /* NumPy integer scalar or 0-d integer array */
    LP_FLOAT,       /* NumPy floating scalar or 0-d array */
    LP_BOOLEAN,     /* numpy.bool_ */
    LP_SCALAR,      /* 0-d array of another library: `item()` */
    LP_TABLE,       /* array of objects or strings: `tolist()` */
};
/* [GIL, lock] Classify; LP_NOT_ARRAY costs no look-up for types that were
 * seen before.  -1 with a Python error. */
int lp_array_kind(struct lp_state *S, PyObject *obj);

/* [GIL, lock] A reference to `obj` goes to Lua: count the memory that only it
 * keeps, for Lua's collector.  Sets no error. */
void lp_count_unknown(struct lp_state *S, PyObject *obj);
static inline void
lp_count_foreign(struct lp_state *S, PyObject *obj)
{
    if (LP_UNLIKELY(Py_TYPE(obj) == lp_ndarray_type)) {
        S->foreign += lp_ndarray_bytes_alone(obj);
    }
    else if (LP_UNLIKELY(lp_ndarray_type == NULL)) {
        lp_count_unknown(S, obj);
    }
}

/* [GIL, lock] The reference to `obj` is closed before Lua's collector has seen
 * it: that need not be driven for it. */
static inline void
lp_discount_foreign(struct lp_state *S, PyObject *obj)
{
    size_t bytes = lp_ndarray_type != NULL ? lp_ndarray_bytes_alone(obj) : 0;
    lp_discount(S, bytes);
}

/* [GIL, lock, inside lp_protect; -0, +1, em] Push a tensor for an object of
 * kind LP_ARRAY.  `share`: what could only be copied is refused, ValueError
 * with the reason.  1 pushed; 0 tensors cannot express it and `nested` says
 * that it lies in a container, where a reference serves; -1 Python error.
 * `*kept`, which the caller owns, gives way to the array that was made of
 * `obj`, if one was: finalizers of Lua may run before the tensor has it. */
int lp_tensor_push(struct lp_state *S, lua_State *L, PyObject *obj, int share,
                   int nested, PyObject **kept);

#endif
