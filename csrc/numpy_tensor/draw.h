/* SPDX-License-Identifier: MIT */
/* Drawing random numbers, and distributing them as Torch7 does. */
#ifndef LP_DRAW_H
#define LP_DRAW_H

#include "numpy_tensor/generator.h"

enum lp_distribution {
    LP_UNIFORM,
    LP_CAUCHY,
    LP_EXPONENTIAL,
    LP_NORMAL,
    LP_LOG_NORMAL,
    LP_GEOMETRIC, /* from here on: integers */
    LP_BERNOULLI,
    LP_RANDOM
};

enum { LP_DRAW_FEW = 512 };
/* Elements of one crossing: Python threads wait meanwhile, it may wait for
 * theirs, and its draws take memory.  What is not contiguous is drawn as a
 * whole. */
enum { LP_DRAW_PART = 1 << 16, LP_DRAW_WHOLE = 1 << 20 };

/* One call. */
struct lp_draw {
    enum lp_distribution kind;
    double a, b;
    uint32_t range; /* LP_RANDOM: so many numbers from `a` on; 0: all */
    int waits;      /* the second of a normal pair, of these two: */
    double rho, angle;
    const uint32_t *raw; /* the next of them */
    uint32_t few[LP_DRAW_FEW], *many;
};

enum lp_drawn { LP_DRAWN, LP_IS_BUSY, LP_NO_MEMORY };

/* [lock, no GIL; -0, +0, e] Draw what `n` numbers take, with a crossing;
 * `draw->many` is to be freed. */
enum lp_drawn lp_draw_or_jump(lua_State *L, struct lp_draw *draw,
                              const struct lp_stream *from, int64_t n);
/* [-] What has been drawn as `n` numbers of the distribution. */
void lp_distribute(struct lp_draw *draw, double *out, ptrdiff_t n);

#endif
