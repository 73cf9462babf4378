/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/draw.h"

#include <math.h>
#include <stdlib.h>

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

/* [GIL] Draw what `n` numbers take. */
static enum lp_drawn
draw_raw(struct lp_draw *draw, const struct lp_stream *from, int64_t n)
{
    const struct lp_bitgen *bits = from->bits;
    double *shared = from->shared;
    int pairs = draw->kind == LP_NORMAL || draw->kind == LP_LOG_NORMAL;
    int64_t wanted = n;
    if (shared[LP_BUSY] != 0) {
        return LP_IS_BUSY;
    }
    draw->waits = pairs && shared[LP_PENDING] != 0;
    if (pairs) {
        wanted = (n - draw->waits + 1) / 2 * 2;
    }
    uint32_t *raw = draw->few;
    if (wanted > LP_DRAW_FEW) {
        raw = draw->many = malloc((size_t)wanted * sizeof *raw);
    }
    if (raw == NULL) {
        return LP_NO_MEMORY;
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
    return LP_DRAWN;
}

enum lp_drawn
lp_draw_or_jump(lua_State *L, struct lp_draw *draw,
                const struct lp_stream *from, int64_t n)
{
    struct lp_cross x;
    draw->many = NULL;
    lp_cross_begin_or_jump(&x, from->S, L);
    enum lp_drawn drawn = draw_raw(draw, from, n);
    lp_cross_end(&x);
    return drawn;
}

static double
next_uniform(struct lp_draw *draw)
{
    return *draw->raw++ * LP_SCALE;
}

static double
next_normal(struct lp_draw *draw)
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

/* Each operation rounds by itself, as in Torch7: see -ffp-contract in
 * CMakeLists.txt. */
void
lp_distribute(struct lp_draw *draw, double *out, ptrdiff_t n)
{
    const double a = draw->a, b = draw->b;
#define LP_EACH(value)                                                        \
    for (ptrdiff_t i = 0; i < n; i++) {                                       \
        out[i] = value;                                                       \
    }                                                                         \
    break
    switch (draw->kind) {
    case LP_UNIFORM:
        LP_EACH(next_uniform(draw) * (b - a) + a);
    case LP_CAUCHY:
        LP_EACH(a + b * tan(LP_TURN / 2 * (next_uniform(draw) - 0.5)));
    case LP_EXPONENTIAL:
        LP_EACH((a != 0 ? -1.0 / a : -HUGE_VAL) *
                log(1.0 - next_uniform(draw)));
    case LP_NORMAL:
        LP_EACH(next_normal(draw) * b + a);
    case LP_LOG_NORMAL:
        LP_EACH(exp(next_normal(draw) * b + a));
    case LP_GEOMETRIC:
        LP_EACH(trunc(log(1.0 - next_uniform(draw)) / draw->b) + 1);
    case LP_BERNOULLI:
        LP_EACH(next_uniform(draw) <= a);
    case LP_RANDOM:
        if (draw->range == 0) {
            LP_EACH((double)*draw->raw++ + a);
        }
        LP_EACH((double)(*draw->raw++ % draw->range) + a);
    }
#undef LP_EACH
}
