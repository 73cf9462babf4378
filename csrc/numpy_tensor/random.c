/* SPDX-License-Identifier: MIT */
/* Torch7's random numbers from NumPy's twister: the usual calls.
 *
 * The numbers, and the state between two calls, are those of
 * pyhelper/_torch_random.py, which does all other calls. */
#include <math.h>
#include <stdlib.h>

#include "numpy_tensor/draw.h"
#include "numpy_tensor/operation.h"

/* ---- distributions ---- */

enum {
    REAL = 1 << LP_Float | 1 << LP_Double,
    ANY = ((1 << LP_N_DTYPES) - 1) & ~(1 << LP_Half)
};

struct distribution {
    enum lp_distribution kind;
    int types;       /* that have it */
    int least, most; /* parameters */
    double a, b;     /* those that are not given */
};

static const struct distribution
    uniform = {LP_UNIFORM, REAL, 0, 2, 0, 1},
    cauchy = {LP_CAUCHY, REAL, 0, 2, 0, 1},
    exponential = {LP_EXPONENTIAL, REAL, 1, 1, 0, 0},
    normal = {LP_NORMAL, REAL, 0, 2, 0, 1},
    log_normal = {LP_LOG_NORMAL, REAL, 0, 2, 1, 2},
    geometric = {LP_GEOMETRIC, ANY, 1, 1, 0, 0},
    bernoulli = {LP_BERNOULLI, ANY, 0, 1, 0.5, 0},
    whole = {LP_RANDOM, ANY, 0, 2, 0, 0};

struct filling {
    struct lp_draw *draw;
    enum lp_dtype dtype;
};

/* Store numbers as C would.  Types of integers have only distributions whose
 * numbers are integers, of less than 2^53. */
static void
fill(const void *context, char *const *data, ptrdiff_t n,
     const ptrdiff_t *steps)
{
    const struct filling *filling = context;
    char *p = data[0];
    double values[LP_DRAW_FEW];
    for (ptrdiff_t done = 0; done < n; done += LP_DRAW_FEW) {
        ptrdiff_t now = n - done < LP_DRAW_FEW ? n - done : LP_DRAW_FEW;
        lp_distribute(filling->draw, values, now);
        switch (filling->dtype) {
#define LP_STORE(type, ctype, wide)                                           \
    case LP_##type:                                                           \
        for (ptrdiff_t i = 0; i < now; i++, p += steps[0]) {                  \
            *(ctype *)p = (ctype)(wide)values[i];                             \
        }                                                                     \
        break
            LP_STORE(Byte, uint8_t, int64_t);
            LP_STORE(Char, int8_t, int64_t);
            LP_STORE(Short, int16_t, int64_t);
            LP_STORE(Int, int32_t, int64_t);
            LP_STORE(Long, int64_t, int64_t);
            LP_STORE(Float, float, double);
            LP_STORE(Double, double, double);
#undef LP_STORE
        default:
            break;
        }
    }
}

/* Does it have `n` elements, and so that they can be filled? */
static int
is_for_us(const struct lp_tensor *t, int64_t n)
{
    return t->nd > 0 && t->nd <= LP_WALK_DIMS && lp_count_elements(t) == n &&
           (n <= LP_DRAW_WHOLE || lp_is_contiguous(t));
}

static void
fill_part(struct lp_draw *draw, const struct lp_tensor *t, int64_t done,
          int64_t n)
{
    const struct filling filling = {draw, t->dtype};
    if (n == lp_count_elements(t)) {
        struct lp_walk walk;
        lp_walk_begin(&walk, t);
        lp_walk_run_in_order(&walk, fill, &filling);
        return;
    }
    const ptrdiff_t step = (ptrdiff_t)lp_dtypes[t->dtype].size;
    char *data = lp_tensor_data(t) + (ptrdiff_t)done * step;
    fill(&filling, &data, (ptrdiff_t)n, &step);
}

/* [lock, no GIL; -0, +0, e] Fill a tensor with elements: 1, or 0 with nothing
 * drawn. */
static int
fill_or_jump(lua_State *L, struct lp_draw *draw, const struct lp_stream *from,
             const struct lp_tensor *t)
{
    const int64_t n = lp_count_elements(t);
    if (!is_for_us(t, n)) {
        return 0;
    }
    int64_t most = lp_is_contiguous(t) ? LP_DRAW_PART : LP_DRAW_WHOLE;
    for (int64_t done = 0; done < n;) {
        int64_t now = n - done < most ? n - done : most;
        enum lp_drawn drawn = lp_draw_or_jump(L, draw, from, now);
        if (drawn != LP_DRAWN && done == 0) {
            return 0;
        }
        if (drawn == LP_NO_MEMORY) {
            luaL_error(L, "not enough memory");
        }
        if (drawn == LP_IS_BUSY) {
            continue; /* until Python has drawn what it needs */
        }
        /* Other threads may have run. */
        int same = is_for_us(t, n) && (now == n || lp_is_contiguous(t));
        if (same) {
            fill_part(draw, t, done, now);
        }
        free(draw->many);
        if (!same) {
            lp_changed_or_jump(L);
        }
        done += now;
    }
    return 1;
}

/* ---- arguments ---- */

/* [-] The parameter at `index`; 0 if it is no number, or an integer with which
 * Python reckons more exactly than floats do. */
static int
read_parameter(lua_State *L, int index, double *parameter)
{
    *parameter = lua_tonumber(L, index);
#if LP_LUA53_UP
    if (lua_isinteger(L, index) && fabs(*parameter) > LP_MAX_EXACT) {
        return 0;
    }
#endif
    return lua_type(L, index) == LUA_TNUMBER;
}

/* The bounds of random(), of which `n` are given, for elements of `dtype`, or
 * for one number. */
static int
read_range(struct lp_draw *draw, int n, int one, enum lp_dtype dtype)
{
    static const uint32_t range_of[LP_N_DTYPES] = {
        [LP_Byte] = 1u << 8,  [LP_Char] = 1u << 7,
        [LP_Short] = 1u << 15, [LP_Int] = 1u << 31,
        [LP_Float] = (1u << 24) + 1, /* the others: all */
    };
    if (n == 0) {
        draw->range = one ? 0 : range_of[dtype];
        return 1;
    }
    double high = trunc(n == 1 ? draw->a : draw->b);
    draw->a = n == 1 ? 1 : trunc(draw->a);
    if (!(fabs(draw->a) <= LP_MAX_EXACT && fabs(high) <= LP_MAX_EXACT &&
          draw->a <= high)) {
        return 0;
    }
    double range = high - draw->a + 1;
    draw->range = range <= UINT32_MAX ? (uint32_t)range : 0;
    return 1;
}

/* The parameters from argument `index` to `nargs`; 0 if they are wrong. */
static int
read_parameters(lua_State *L, const struct distribution *of, int index,
                int nargs, struct lp_draw *draw)
{
    int n = nargs - index + 1;
    draw->kind = of->kind;
    draw->a = of->a;
    draw->b = of->b;
    if (n < of->least || n > of->most ||
        (n > 0 && !read_parameter(L, index, &draw->a)) ||
        (n > 1 && !read_parameter(L, index + 1, &draw->b))) {
        return 0;
    }
    switch (of->kind) {
    case LP_NORMAL:
    case LP_LOG_NORMAL:
        return draw->b > 0;
    case LP_GEOMETRIC: /* so far below 1 the numbers are exact as doubles */
        draw->b = log(draw->a);
        return draw->a > 0 && draw->a < 1 - 1e-6;
    case LP_BERNOULLI:
        return draw->a >= 0 && draw->a <= 1;
    default:
        return 1;
    }
}

/* [-0, +0, -] The default type, which functions without a tensor are for;
 * none for a method. */
static enum lp_dtype
default_type(lua_State *L)
{
    enum lp_dtype dtype;
    return lp_default_dtype(L, &dtype) ? dtype : LP_NO_DTYPE;
}

static int
has_type(const struct distribution *of, enum lp_dtype dtype)
{
    return dtype != LP_NO_DTYPE && (of->types >> dtype & 1) != 0;
}

/* torch.normal(), torch.normal(t, 0, 1), t:normal(generator, 0, 1) */
static int
distribute(lua_State *L)
{
    const struct distribution *of =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int nargs = lua_gettop(L);
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    int index = t != NULL ? 2 : 1;
    int generator = lua_istable(L, index) ? index++ : 0;
    enum lp_dtype dtype = t != NULL ? t->dtype : default_type(L);
    struct lp_draw draw;
    int takes = has_type(of, dtype) && (t == NULL || t->nd > 0) &&
                read_parameters(L, of, index, nargs, &draw) &&
                (of->kind != LP_RANDOM ||
                 read_range(&draw, nargs - index + 1, t == NULL, dtype));
    if (takes) {
        const struct lp_stream *from =
            lp_push_stream_or_jump(lp_operation_state(L), L, generator);
        takes = from != NULL &&
                (t != NULL ? fill_or_jump(L, &draw, from, t)
                           : lp_draw_or_jump(L, &draw, from, 1) == LP_DRAWN);
    }
    if (!takes) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    if (t != NULL) {
        lua_settop(L, 1);
        return 1;
    }
    double value;
    lp_distribute(&draw, &value, 1);
#if LP_LUA53_UP
    if (of->kind >= LP_GEOMETRIC) {
        lua_pushinteger(L, (lua_Integer)value);
        return 1;
    }
#endif
    lua_pushnumber(L, value);
    return 1;
}

/* torch.rand(2, 3), torch.randn(generator, 2, 3) */
static int
make(lua_State *L)
{
    const struct distribution *of =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int nargs = lua_gettop(L), index = 1;
    int generator = lua_istable(L, index) ? index++ : 0;
    enum lp_dtype dtype = default_type(L); /* none for a method */
    int64_t size[LP_MAX_SIZES], count = 0;
    int nd = lp_read_sizes(L, index, size, &count);
    struct lp_draw draw;
    const struct lp_stream *from = NULL;
    if (nd > 0 && has_type(of, dtype) &&
        read_parameters(L, of, 1, 0, &draw)) {
        from = lp_push_stream_or_jump(lp_operation_state(L), L, generator);
    }
    if (from != NULL) {
        const struct lp_tensor *t =
            lp_new_sized_or_jump(from->S, L, dtype, nd, size);
        if (fill_or_jump(L, &draw, from, t)) {
            return 1;
        }
    }
    lua_settop(L, nargs);
    return lp_call_rest_or_jump(L);
}

/* ---- permutations ---- */

enum step { RAMP, SWAP };

/* Elements `first` .. `first + count`, from 0, of a permutation of `n`: their
 * numbers, or the swaps that what was drawn for them means. */
static void
permute(enum step step, const struct lp_tensor *t, int64_t n, int64_t first,
        int64_t count, const uint32_t *raw)
{
    switch (t->dtype) {
#define LP_PERMUTE(type, ctype)                                               \
    case LP_##type: {                                                         \
        ctype *p = (ctype *)lp_tensor_data(t);                                \
        for (int64_t i = first; i < first + count; i++) {                     \
            if (step == RAMP) {                                               \
                p[i] = (ctype)(i + 1);                                        \
                continue;                                                     \
            }                                                                 \
            int64_t other = i + (int64_t)(*raw++ % (uint64_t)(n - i));        \
            ctype swapped = p[i];                                             \
            p[i] = p[other];                                                  \
            p[other] = swapped;                                               \
        }                                                                     \
    } break
        LP_PERMUTE(Byte, uint8_t);
        LP_PERMUTE(Char, int8_t);
        LP_PERMUTE(Short, int16_t);
        LP_PERMUTE(Int, int32_t);
        LP_PERMUTE(Long, int64_t);
        LP_PERMUTE(Float, float);
        LP_PERMUTE(Double, double);
#undef LP_PERMUTE
    default:
        break;
    }
}

static int
is_vector_of(const struct lp_tensor *t, int64_t n)
{
    return t->nd == 1 && t->size[0] == n && lp_is_contiguous(t);
}

/* torch.randperm([result,] [generator,] n) */
static int
random_permutation(lua_State *L)
{
    int nargs = lua_gettop(L);
    const struct lp_tensor *given = nargs > 0 ? lp_to_tensor(L, 1) : NULL;
    int index = given != NULL ? 2 : 1;
    int generator = lua_istable(L, index) ? index++ : 0;
    /* none for a method without a tensor */
    enum lp_dtype dtype = given != NULL ? given->dtype : default_type(L);
    int64_t n = 0;
    const struct lp_stream *from = NULL;
    if (nargs == index && dtype != LP_NO_DTYPE && (ANY >> dtype & 1) != 0 &&
        lua_type(L, index) == LUA_TNUMBER &&
        lp_read_sizes(L, index, &n, &(int64_t){0}) == 1 &&
        (given == NULL || is_vector_of(given, n))) {
        from = lp_push_stream_or_jump(lp_operation_state(L), L, generator);
    }
    if (from == NULL) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *t =
        given != NULL ? given
                      : lp_new_sized_or_jump(from->S, L, dtype, 1, &n);
    struct lp_draw draw = {.kind = LP_RANDOM};
    int has_ramp = 0;
    if (n == 1) {
        permute(RAMP, t, n, 0, n, NULL);
    }
    for (int64_t done = 0; done < n - 1;) {
        int64_t now = n - 1 - done < LP_DRAW_PART ? n - 1 - done
                                                  : LP_DRAW_PART;
        enum lp_drawn drawn = lp_draw_or_jump(L, &draw, from, now);
        if (drawn == LP_NO_MEMORY) {
            luaL_error(L, "not enough memory");
        }
        if (drawn == LP_IS_BUSY) {
            continue; /* until Python has drawn what it needs */
        }
        /* Other threads may have run. */
        int same = is_vector_of(t, n);
        if (same && !has_ramp) {
            permute(RAMP, t, n, 0, n, NULL);
            has_ramp = 1;
        }
        if (same) {
            permute(SWAP, t, n, done, now, draw.raw);
        }
        free(draw.many);
        if (!same) {
            lp_changed_or_jump(L);
        }
        done += now;
    }
    lua_pushvalue(L, given != NULL ? 1 : -1);
    return 1;
}

const struct lp_operation lp_random_numbers[] = {
    {"bernoulli",   distribute,         &bernoulli  },
    {"cauchy",      distribute,         &cauchy     },
    {"exponential", distribute,         &exponential},
    {"geometric",   distribute,         &geometric  },
    {"logNormal",   distribute,         &log_normal },
    {"normal",      distribute,         &normal     },
    {"rand",        make,               &uniform    },
    {"randn",       make,               &normal     },
    {"random",      distribute,         &whole      },
    {"randperm",    random_permutation, NULL        },
    {"uniform",     distribute,         &uniform    },
    {NULL,          NULL,               NULL        },
};
