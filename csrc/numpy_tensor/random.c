/* SPDX-License-Identifier: MIT */
/* Torch7's random numbers from NumPy's twister: the usual calls.
 *
 * The numbers, and the state between two calls, are those of
 * pyhelper/_torch_random.py, which does all other calls. */
#include <math.h>
#include <stdlib.h>

#include "numpy_tensor/generator.h"
#include "numpy_tensor/operation.h"

/* ---- distributions ---- */

enum kind {
    UNIFORM,
    CAUCHY,
    EXPONENTIAL,
    NORMAL,
    LOG_NORMAL,
    GEOMETRIC, /* from here on: integers */
    BERNOULLI,
    RANDOM
};

enum {
    REAL = 1 << LP_Float | 1 << LP_Double,
    ANY = ((1 << LP_N_DTYPES) - 1) & ~(1 << LP_Half)
};

struct distribution {
    enum kind kind;
    int types;       /* that have it */
    int least, most; /* parameters */
    double a, b;     /* those that are not given */
};

static const struct distribution uniform = {UNIFORM, REAL, 0, 2, 0, 1},
                                 cauchy = {CAUCHY, REAL, 0, 2, 0, 1},
                                 exponential = {EXPONENTIAL, REAL, 1, 1, 0, 0},
                                 normal = {NORMAL, REAL, 0, 2, 0, 1},
                                 log_normal = {LOG_NORMAL, REAL, 0, 2, 1, 2},
                                 geometric = {GEOMETRIC, ANY, 1, 1, 0, 0},
                                 bernoulli = {BERNOULLI, ANY, 0, 1, 0.5, 0},
                                 whole = {RANDOM, ANY, 0, 2, 0, 0};

enum { FEW = 512 };
/* Elements of one crossing: Python threads wait meanwhile, it may wait for
 * theirs, and its draws take memory.  A tensor that is not contiguous is drawn
 * as a whole. */
enum { PART = 1 << 16, WHOLE = 1 << 20 };

/* One call. */
struct draw {
    enum kind kind;
    double a, b;
    uint32_t range; /* RANDOM: so many numbers from `a` on; 0: all of them */
    int waits;      /* the second of a normal pair, of these two: */
    double rho, angle;
    const uint32_t *raw; /* the next of them */
    uint32_t few[FEW], *many;
};

#define LP_TURN  (2.0 * 3.14159265358979323846)
#define LP_SCALE (1.0 / 4294967296.0)

/* Each by itself: for both of one angle, compilers call sincos, which is
 * another function of the C library than Torch7's. */
static LP_NOINLINE double
cosine(double angle)
{
    return cos(angle);
}

static LP_NOINLINE double
sine(double angle)
{
    return sin(angle);
}

static double
radius(double y)
{
    return sqrt(-2.0 * log(1.0 - y));
}

enum drawn { DRAWN, IS_BUSY, NO_MEMORY };

/* [GIL] Draw what `n` numbers take. */
static enum drawn
draw_raw(struct draw *draw, const struct lp_stream *from, int64_t n)
{
    const struct lp_bitgen *bits = from->bits;
    double *shared = from->shared;
    int pairs = draw->kind == NORMAL || draw->kind == LOG_NORMAL;
    int64_t wanted = n;
    if (shared[LP_BUSY] != 0) {
        return IS_BUSY;
    }
    draw->waits = pairs && shared[LP_PENDING] != 0;
    if (pairs) {
        wanted = (n - draw->waits + 1) / 2 * 2;
    }
    uint32_t *raw = draw->few;
    if (wanted > FEW) {
        raw = draw->many = malloc((size_t)wanted * sizeof *raw);
    }
    if (raw == NULL) {
        return NO_MEMORY;
    }
    draw->raw = raw;
    for (int64_t i = 0; i < wanted; i++) {
        raw[i] = (uint32_t)bits->next_raw(bits->state);
    }
    if (wanted > 0) {
        shared[LP_FRESH] = 0;
    }
    if (pairs) {
        draw->rho = shared[LP_RHO];
        draw->angle = LP_TURN * shared[LP_X];
        shared[LP_PENDING] = (n - draw->waits) % 2 != 0;
        if (wanted > 0) {
            shared[LP_X] = raw[wanted - 2] * LP_SCALE;
            shared[LP_Y] = raw[wanted - 1] * LP_SCALE;
            shared[LP_RHO] = radius(shared[LP_Y]);
        }
    }
    return DRAWN;
}

/* [lock, no GIL; -0, +0, e] The same with a crossing; `draw->many` is to be
 * freed. */
static enum drawn
draw_or_jump(lua_State *L, struct draw *draw, const struct lp_stream *from,
             int64_t n)
{
    struct lp_cross x;
    draw->many = NULL;
    lp_cross_begin_or_jump(&x, from->S, L);
    enum drawn drawn = draw_raw(draw, from, n);
    lp_cross_end(&x);
    return drawn;
}

static double
next_uniform(struct draw *draw)
{
    return *draw->raw++ * LP_SCALE;
}

static double
next_normal(struct draw *draw)
{
    if (draw->waits) {
        draw->waits = 0;
        return draw->rho * sine(draw->angle);
    }
    draw->waits = 1;
    draw->angle = LP_TURN * next_uniform(draw);
    draw->rho = radius(next_uniform(draw));
    return draw->rho * cosine(draw->angle);
}

/* What has been drawn as `n` numbers of the distribution.  Each operation
 * rounds by itself, as in Torch7: see -ffp-contract in CMakeLists.txt. */
static void
compute(struct draw *draw, double *out, ptrdiff_t n)
{
    const double a = draw->a, b = draw->b;
#define LP_EACH(value)                                                        \
    for (ptrdiff_t i = 0; i < n; i++) {                                       \
        out[i] = value;                                                       \
    }                                                                         \
    break
    switch (draw->kind) {
    case UNIFORM:
        LP_EACH(next_uniform(draw) * (b - a) + a);
    case CAUCHY:
        LP_EACH(a + b * tan(LP_TURN / 2 * (next_uniform(draw) - 0.5)));
    case EXPONENTIAL:
        LP_EACH((a != 0 ? -1.0 / a : -HUGE_VAL) *
                log(1.0 - next_uniform(draw)));
    case NORMAL:
        LP_EACH(next_normal(draw) * b + a);
    case LOG_NORMAL:
        LP_EACH(exp(next_normal(draw) * b + a));
    case GEOMETRIC:
        LP_EACH(trunc(log(1.0 - next_uniform(draw)) / draw->b) + 1);
    case BERNOULLI:
        LP_EACH(next_uniform(draw) <= a);
    case RANDOM:
        if (draw->range == 0) {
            LP_EACH((double)*draw->raw++ + a);
        }
        LP_EACH((double)(*draw->raw++ % draw->range) + a);
    }
#undef LP_EACH
}

struct filling {
    struct draw *draw;
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
    double values[FEW];
    for (ptrdiff_t done = 0; done < n; done += FEW) {
        ptrdiff_t now = n - done < FEW ? n - done : FEW;
        compute(filling->draw, values, now);
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
           (n <= WHOLE || lp_is_contiguous(t));
}

static void
fill_part(struct draw *draw, const struct lp_tensor *t, int64_t done,
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
fill_or_jump(lua_State *L, struct draw *draw, const struct lp_stream *from,
             const struct lp_tensor *t)
{
    const int64_t n = lp_count_elements(t);
    if (!is_for_us(t, n)) {
        return 0;
    }
    int64_t most = lp_is_contiguous(t) ? PART : WHOLE;
    for (int64_t done = 0; done < n;) {
        int64_t now = n - done < most ? n - done : most;
        enum drawn drawn = draw_or_jump(L, draw, from, now);
        if (drawn != DRAWN && done == 0) {
            return 0;
        }
        if (drawn == NO_MEMORY) {
            luaL_error(L, "not enough memory");
        }
        if (drawn == IS_BUSY) {
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
read_range(struct draw *draw, int n, int one, enum lp_dtype dtype)
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
                int nargs, struct draw *draw)
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
    case NORMAL:
    case LOG_NORMAL:
        return draw->b > 0;
    case GEOMETRIC: /* so far below 1 the numbers are exact as doubles */
        draw->b = log(draw->a);
        return draw->a > 0 && draw->a < 1 - 1e-6;
    case BERNOULLI:
        return draw->a >= 0 && draw->a <= 1;
    default:
        return 1;
    }
}

/* [-0, +0, m] The default type, which functions without a tensor are for. */
static enum lp_dtype
default_type(lua_State *L)
{
    int is_storage;
    enum lp_dtype dtype = LP_NO_DTYPE;
    if (lua_istable(L, lua_upvalueindex(LP_OPERATION_METHOD))) {
        lua_rawgeti(L, lua_upvalueindex(LP_OPERATION_METHOD), 1);
        dtype = lp_dtype_of_name(lua_tostring(L, -1), &is_storage);
        lua_pop(L, 1);
    }
    return dtype;
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
    struct draw draw;
    int takes = has_type(of, dtype) && (t == NULL || t->nd > 0) &&
                read_parameters(L, of, index, nargs, &draw) &&
                (of->kind != RANDOM ||
                 read_range(&draw, nargs - index + 1, t == NULL, dtype));
    if (takes) {
        const struct lp_stream *from =
            lp_push_stream_or_jump(lp_operation_state(L), L, generator);
        takes = from != NULL &&
                (t != NULL ? fill_or_jump(L, &draw, from, t)
                           : draw_or_jump(L, &draw, from, 1) == DRAWN);
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
    compute(&draw, &value, 1);
#if LP_LUA53_UP
    if (of->kind >= GEOMETRIC) {
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
    struct draw draw;
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

const struct lp_operation lp_random_numbers[] = {
    {"bernoulli",   distribute, &bernoulli  },
    {"cauchy",      distribute, &cauchy     },
    {"exponential", distribute, &exponential},
    {"geometric",   distribute, &geometric  },
    {"logNormal",   distribute, &log_normal },
    {"normal",      distribute, &normal     },
    {"rand",        make,       &uniform    },
    {"randn",       make,       &normal     },
    {"random",      distribute, &whole      },
    {"uniform",     distribute, &uniform    },
    {NULL,          NULL,       NULL        },
};
