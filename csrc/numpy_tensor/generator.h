/* SPDX-License-Identifier: MIT */
/* Where random numbers come from: what a torch.Generator has for C.
 *
 * Python's class (pyhelper/_torch_random.py) and C draw from one bit generator
 * and keep what Torch7 keeps beside it in the same memory.  The GIL guards
 * both.  Where Python draws many numbers it lets go of the GIL meanwhile, and
 * says so in LP_BUSY: then only Python may draw. */
#ifndef LP_GENERATOR_H
#define LP_GENERATOR_H

#include "base/gil.h"

/* NumPy's documented interface to a bit generator: a capsule's pointer. */
struct lp_bitgen {
    void *state;
    uint64_t (*next_uint64)(void *);
    uint32_t (*next_uint32)(void *);
    double (*next_double)(void *);
    uint64_t (*next_raw)(void *);
};

/* As Generator in pyhelper/_torch_random.py numbers them. */
enum {
    LP_X,
    LP_Y,
    LP_RHO,
    LP_PENDING, /* not 0: the second of a normal pair is next */
    LP_FRESH,   /* not 0: nothing drawn yet */
    LP_BUSY,
    LP_SEED_HIGH, /* the first seed: 32 bits each */
    LP_SEED_LOW,
    LP_N_SHARED
};

/* What NumPy's MT19937 keeps. */
enum { LP_TWISTER_WORDS = 624 };
struct lp_twister {
    uint32_t words[LP_TWISTER_WORDS];
    int position; /* of the next word */
};

/* Field 1 of a torch.Generator. */
struct lp_stream {
    const void *magic;
    struct lp_state *S;
    const struct lp_bitgen *bits;
    struct lp_twister *twister; /* NULL: this NumPy keeps something else */
    double *shared;
    PyObject *owners[2]; /* owned: whose memory `bits` and `shared` are */
};

/* [-0, +1..3, m] The stream of the generator at `index`, or of the library's
 * if that is 0; it is left on top.  NULL if there is none. */
const struct lp_stream *lp_push_stream_or_jump(struct lp_state *S,
                                               lua_State *L, int index);

#endif
