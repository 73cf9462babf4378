/* SPDX-License-Identifier: MIT */
/* torch.cat, and repeatTensor. */
#include <string.h>

#include "numpy_tensor/operation.h"

enum { MOST = 16 }; /* tensors */

struct parts {
    int first, n; /* where on the Lua stack they are */
    int dim;      /* from 0; -1: the last one */
};

/* [-0, +0, -] The sizes of all of them joined; number of dimensions, or 0 if
 * they do not fit. */
static int
join_sizes(lua_State *L, const struct parts *p, int64_t *size)
{
    const struct lp_tensor *first = lp_to_tensor(L, p->first);
    if (first == NULL || first->nd == 0 || first->nd > LP_INLINE_DIMS ||
        p->dim >= first->nd) {
        return 0;
    }
    int dim = p->dim < 0 ? first->nd - 1 : p->dim;
    memcpy(size, first->size, (size_t)first->nd * sizeof *size);
    for (int i = 1; i < p->n; i++) {
        const struct lp_tensor *t = lp_to_tensor(L, p->first + i);
        if (t == NULL || t->dtype != first->dtype || t->nd != first->nd) {
            return 0;
        }
        for (int d = 0; d < t->nd; d++) {
            if (d != dim && t->size[d] != size[d]) {
                return 0;
            }
        }
        size[dim] += t->size[dim];
    }
    return first->nd;
}

/* Has the result that is given these sizes, and memory apart from all? */
static int
fits(lua_State *L, const struct parts *p, const struct lp_tensor *result,
     int nd, const int64_t *size)
{
    if (!lp_has_sizes(result, nd, size) ||
        result->dtype != lp_to_tensor(L, p->first)->dtype) {
        return 0;
    }
    for (int i = 0; i < p->n; i++) {
        if (lp_share_memory(result, lp_to_tensor(L, p->first + i))) {
            return 0;
        }
    }
    return 1;
}

static void
join(lua_State *L, const struct parts *p, const struct lp_tensor *result)
{
    int dim = p->dim < 0 ? result->nd - 1 : p->dim;
    struct lp_tensor part;
    lp_sketch(result, &part);
    for (int i = 0; i < p->n; i++) {
        const struct lp_tensor *t = lp_to_tensor(L, p->first + i);
        part.size[dim] = t->size[dim];
        lp_copy(&part, t);
        part.offset +=
            (ptrdiff_t)(t->size[dim] * lp_tensor_strides(&part)[dim]);
    }
}

/* [-0, +n, -] Push the tensors of the list at `index`; 0 if that is nothing
 * for us. */
static int
push_list(lua_State *L, int index, struct parts *p)
{
    size_t n = lua_rawlen(L, index);
    if (n < 1 || n > MOST || !lua_checkstack(L, MOST + 8)) {
        return 0;
    }
    if (lua_getmetatable(L, index)) { /* an object */
        lua_pop(L, 1);
        return 0;
    }
    p->first = lua_gettop(L) + 1;
    p->n = (int)n;
    for (int i = 1; i <= p->n; i++) {
        lua_rawgeti(L, index, i);
    }
    return 1;
}

/* cat([result,] a, b [, dim]), cat([result,] {a, …} [, dim]) */
static int
cat(lua_State *L)
{
    int nargs = lua_gettop(L), last = nargs, takes = 1;
    struct parts p = {.n = 2, .dim = -1};
    const struct lp_tensor *result = NULL;
    int64_t size[LP_INLINE_DIMS], again[LP_INLINE_DIMS];
    if (last > 0 && lua_type(L, last) == LUA_TNUMBER) {
        lua_Number dim = lua_tonumber(L, last--);
        takes = dim == -1 || (dim >= 1 && dim < LP_INLINE_DIMS + 1);
        p.dim = takes && dim > 0 ? (int)dim - 1 : -1;
    }
    if (last > 0 && lua_istable(L, last)) {
        takes = takes && last <= 2 && push_list(L, last, &p);
        last--; /* now what comes before the list */
    }
    else {
        last -= 2;
        p.first = last + 1;
    }
    takes = takes && (last == 0 || last == 1);
    if (takes && last == 1) {
        result = lp_to_tensor(L, 1);
        takes = result != NULL;
    }
    const struct lp_tensor *first = takes ? lp_to_tensor(L, p.first) : NULL;
    if (first != NULL) { /* first: other threads may run then */
        lp_loops_need_or_jump(first->S, L);
    }
    int nd = first != NULL ? join_sizes(L, &p, size) : 0;
    if (nd == 0 ||
        (result != NULL && !fits(L, &p, result, nd, size))) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    if (result != NULL) {
        join(L, &p, result);
        lua_settop(L, 1);
        return 1;
    }
    result = lp_new_sized_or_jump(first->S, L, first->dtype, nd, size);
    if (join_sizes(L, &p, again) != nd ||
        memcmp(size, again, (size_t)nd * sizeof *size) != 0) {
        return lp_changed_or_jump(L);
    }
    join(L, &p, result);
    return 1;
}

/* ---- repeatTensor ---- */

/* Each dimension of the result in two: how often, and the elements. */
enum { MOST_REPEATED = LP_WALK_DIMS / 2 };

/* [-0, +0, -] The sizes of the result from how often each dimension is to
 * come; their number, or 0 if it is not for us. */
static int
repeated_sizes(const struct lp_tensor *t, const int64_t *times, int n,
               int64_t *size)
{
    const int64_t limit = INT64_MAX / 16;
    int64_t count = 1;
    if (t == NULL || t->nd == 0 || n < t->nd || n > MOST_REPEATED) {
        return 0;
    }
    for (int d = 0; d < n; d++) {
        int own = d - (n - t->nd);
        size[d] = times[d];
        if (own >= 0 && __builtin_mul_overflow(times[d], t->size[own],
                                               &size[d])) {
            return 0;
        }
        if (count > limit / size[d]) {
            return 0;
        }
        count *= size[d];
    }
    return n;
}

static int
repeat(const struct lp_tensor *result, const struct lp_tensor *t,
       const int64_t *times)
{
    int64_t to_dims[4 * MOST_REPEATED], from_dims[4 * MOST_REPEATED];
    struct lp_tensor to = *result, from = *t;
    int n = result->nd;
    to.nd = from.nd = 2 * n;
    to.size = to_dims;
    from.size = from_dims;
    for (int d = 0; d < n; d++) {
        int own = d - (n - t->nd);
        int64_t size = own >= 0 ? t->size[own] : 1;
        int64_t *to_stride = to_dims + 2 * n + 2 * d;
        int64_t *from_stride = from_dims + 2 * n + 2 * d;
        to_dims[2 * d] = from_dims[2 * d] = times[d];
        to_dims[2 * d + 1] = from_dims[2 * d + 1] = size;
        to_stride[1] = lp_tensor_strides(result)[d];
        to_stride[0] = to_stride[1] * size;
        from_stride[0] = 0;
        from_stride[1] = own >= 0 ? lp_tensor_strides(t)[own] : 0;
    }
    return lp_copy(&to, &from);
}

/* t:repeatTensor(2, 3), torch.repeatTensor([result,] t, 2, 3) */
static int
repeat_tensor(lua_State *L)
{
    int64_t times[LP_MAX_SIZES], size[MOST_REPEATED], count = 0;
    int nargs = lua_gettop(L);
    int given = nargs > 1 && lp_to_tensor(L, 2) != NULL;
    const struct lp_tensor *t = nargs > 0 ? lp_to_tensor(L, given + 1) : NULL;
    int n = t != NULL ? lp_read_sizes(L, given + 2, times, &count) : 0;
    if (n > 0) { /* first: other threads may run then */
        lp_loops_need_or_jump(t->S, L);
        n = repeated_sizes(t, times, n, size);
    }
    if (n == 0) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *result =
        given ? lp_to_tensor(L, 1)
              : lp_new_sized_or_jump(t->S, L, t->dtype, n, size);
    /* Making it may have run a finalizer that changed the tensor. */
    if (repeated_sizes(t, times, n, size) != n ||
        result->dtype != t->dtype || !lp_has_sizes(result, n, size) ||
        lp_share_memory(result, t) || !repeat(result, t, times)) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    if (given) {
        lua_settop(L, 1);
    }
    return 1;
}

const struct lp_operation lp_joins[] = {
    {"cat",          cat,           NULL},
    {"repeatTensor", repeat_tensor, NULL},
    {NULL,           NULL,          NULL},
};
