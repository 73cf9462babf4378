/* SPDX-License-Identifier: MIT */
/* Functions of torch whose usual calls are done in C.
 *
 * Each stands in front of the function of py.torch that knows all forms of
 * the call, converts, resizes and words the errors.  What it does not take it
 * hands on as it came: so nothing here ever fails for its arguments. */
#ifndef LP_OPERATION_H
#define LP_OPERATION_H

#include "numpy_tensor/loops.h"
#include "numpy_tensor/walk.h"

enum { /* upvalues */
    LP_OPERATION_ROW = 1, /* light userdata: what it does */
    LP_OPERATION_REST,    /* the function that takes all other calls */
    LP_OPERATION_METHOD,  /* true: it is a method; else the name of the default
                             type in a table, or false */
    LP_OPERATION_STATE
};

struct lp_operation {
    const char *name; /* of the function of torch or the method */
    lua_CFunction function;
    const void *row;
};

/* Tables that end with a name of NULL. */
#define LP_OPERATION_TABLES(X)                                                \
    X(casts)                                                                  \
    X(convolutions)                                                           \
    X(diagonals)                                                              \
    X(elements)                                                               \
    X(extremes)                                                               \
    X(folds)                                                                  \
    X(geometry)                                                               \
    X(histograms)                                                             \
    X(joins)                                                                  \
    X(multinomials)                                                           \
    X(norms)                                                                  \
    X(order)                                                                  \
    X(positions)                                                              \
    X(products)                                                               \
    X(product_sums)                                                           \
    X(ramps)                                                                  \
    X(random_numbers)                                                         \
    X(renorms)                                                                \
    X(scans)                                                                  \
    X(searches)                                                               \
    X(seedings)                                                               \
    X(selections)                                                             \
    X(spectra)                                                                \
    X(systems)                                                                \
    X(vectors)                                                                \
    X(views)
#define LP_ROW(name) extern const struct lp_operation lp_##name[];
LP_OPERATION_TABLES(LP_ROW)
#undef LP_ROW
/* shapes.c: the constructor of a type, by the name of its tensors. */
const struct lp_operation *lp_constructor_of(const char *name);

/* For Lua: operation(name, method, f). */
int lp_library_operation(lua_State *L);
/* generator.c, for Lua: random(torch, bits, capsule, shared), field 1 of a
 * torch.Generator: what numbers are drawn from in C, or nil if they cannot be.
 * `bits` is NumPy's bit generator, `shared` a memoryview of what Torch7 keeps
 * beside it; torch._gen is the library's generator. */
int lp_library_random(lua_State *L);
/* bytes.c, for Lua: bytes(storage, first, last), set_bytes(storage, text,
 * first), pack(type, number), unpack(type, text) */
int lp_library_bytes(lua_State *L);
int lp_library_set_bytes(lua_State *L);
int lp_library_pack(lua_State *L);
int lp_library_unpack(lua_State *L);
/* convolutions.c, for Lua: convolve("C2", result, image, kernel, full, any):
 * true if that is done; false if the result cannot be written to as it is, or
 * the elements are halves; nil if SciPy would take less time, unless `any`. */
int lp_library_convolve(lua_State *L);
/* elementwise.c: the row of a function of this name, or NULL. */
const void *lp_elementwise_row(const char *name);
int lp_elementwise(lua_State *L);

static inline struct lp_state *
lp_operation_state(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(LP_OPERATION_STATE));
}

/* [any arguments -> its results, e] The call that is not taken. */
int lp_call_rest_or_jump(lua_State *L);

static inline int
lp_is_method(lua_State *L)
{
    return lua_isboolean(L, lua_upvalueindex(LP_OPERATION_METHOD)) &&
           lua_toboolean(L, lua_upvalueindex(LP_OPERATION_METHOD));
}

/* [-0, +0, -] The type of what a function of torch makes; 0 if it is a method
 * that was called. */
int lp_default_dtype(lua_State *L, enum lp_dtype *dtype);

enum { LP_MAX_SIZES = 8 };
/* [-0, +0, -] Sizes from the numbers at `first` .. top, or from a LongStorage
 * there; their number, or 0 if there is something else.  One of them may be -1
 * if `*product` is not 0: what then gives that many elements.  `*product`
 * becomes how many there are. */
int lp_read_sizes(lua_State *L, int first, int64_t *size, int64_t *product);

/* casts.c: [-] Copy to a tensor of any type, for one of the same type only
 * where the loops are known (lp_loops_need_or_jump); 0 if that is not for us:
 * halves, memory in common, sizes that do not fit. */
int lp_copy(const struct lp_tensor *result, const struct lp_tensor *source);

/* [-0, +0, -] The number at `index` as an element, if C would convert it
 * without undefined behaviour; else 0. */
int lp_number_to_element(lua_State *L, int index, enum lp_dtype dtype,
                         void *element);
/* [-] The same for a constant that all types hold. */
void lp_constant(enum lp_dtype dtype, int value, void *element);

/* [lock, no GIL; -0, +1, em] Push a new contiguous tensor.  Other threads and
 * finalizers may run meanwhile and change every tensor: what is needed of
 * those for more than sizes is read afterwards. */
struct lp_tensor *lp_new_sized_or_jump(struct lp_state *S, lua_State *L,
                                       enum lp_dtype dtype, int nd,
                                       const int64_t *size);
/* The same with elements that are 0. */
struct lp_tensor *lp_new_zeroed_or_jump(struct lp_state *S, lua_State *L,
                                        enum lp_dtype dtype, int nd,
                                        const int64_t *size);

#endif
