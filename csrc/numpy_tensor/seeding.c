/* SPDX-License-Identifier: MIT */
/* Seeding a generator, and its state as Torch7 lays it out in memory. */
#include "numpy_tensor/generator.h"
#include "numpy_tensor/operation.h"

struct state {
    uint64_t seed;
    int32_t left, seeded; /* seeded: 1 */
    uint64_t drawn;       /* of the twister's words; 0 before the first */
    uint64_t words[LP_TWISTER_WORDS];
    double x, y, rho;
    int32_t pending, unused;
};

/* ---- with the GIL ---- */

static void
seed(const struct lp_stream *stream, uint64_t from)
{
    double *shared = stream->shared;
    struct lp_twister *twister = stream->twister;
    uint32_t word = (uint32_t)from;
    for (uint32_t i = 0; i < LP_TWISTER_WORDS; i++) {
        twister->words[i] = word;
        word = 1812433253u * (word ^ (word >> 30)) + i + 1; /* see Knuth */
    }
    twister->position = LP_TWISTER_WORDS;
    shared[LP_SEED_HIGH] = (double)(from >> 32);
    shared[LP_SEED_LOW] = (double)(uint32_t)from;
    shared[LP_X] = shared[LP_Y] = shared[LP_RHO] = shared[LP_PENDING] = 0;
    shared[LP_FRESH] = 1;
}

static void
get(const struct lp_stream *stream, struct state *state)
{
    const double *shared = stream->shared;
    const struct lp_twister *twister = stream->twister;
    *state = (struct state){
        .seed = (uint64_t)shared[LP_SEED_HIGH] << 32 |
                (uint64_t)shared[LP_SEED_LOW],
        .left = LP_TWISTER_WORDS + 1 - twister->position,
        .seeded = 1,
        .drawn = shared[LP_FRESH] != 0 ? 0 : (uint64_t)twister->position,
        .x = shared[LP_X],
        .y = shared[LP_Y],
        .rho = shared[LP_RHO],
        .pending = shared[LP_PENDING] != 0,
    };
    for (int i = 0; i < LP_TWISTER_WORDS; i++) {
        state->words[i] = twister->words[i];
    }
}

static void
set(const struct lp_stream *stream, const struct state *state)
{
    double *shared = stream->shared;
    struct lp_twister *twister = stream->twister;
    for (int i = 0; i < LP_TWISTER_WORDS; i++) {
        twister->words[i] = (uint32_t)state->words[i];
    }
    twister->position = LP_TWISTER_WORDS + 1 - state->left;
    shared[LP_SEED_HIGH] = (double)(state->seed >> 32);
    shared[LP_SEED_LOW] = (double)(uint32_t)state->seed;
    shared[LP_X] = state->x;
    shared[LP_Y] = state->y;
    shared[LP_RHO] = state->rho;
    shared[LP_PENDING] = state->pending != 0;
    shared[LP_FRESH] = state->drawn == 0;
}

enum action { SEED, GET, SET };

/* [lock, no GIL; -0, +0, e] Do it with a crossing; 0 if only Python may. */
static int
run_or_jump(lua_State *L, const struct lp_stream *stream, enum action action,
            struct state *state)
{
    struct lp_cross x;
    if (stream == NULL || stream->twister == NULL) {
        return 0;
    }
    lp_cross_begin_or_jump(&x, stream->S, L);
    int may = stream->shared[LP_BUSY] == 0;
    if (may) {
        switch (action) {
        case SEED:
            seed(stream, state->seed);
            break;
        case GET:
            get(stream, state);
            break;
        case SET:
            set(stream, state);
            break;
        }
    }
    lp_cross_end(&x);
    return may;
}

/* ---- calls ---- */

/* torch.manualSeed([generator,] n) */
static int
manual_seed(lua_State *L)
{
    const lua_Number limit = 9007199254740992.0; /* 2^53 */
    int nargs = lua_gettop(L), generator = lua_istable(L, 1);
    lua_Number number = lua_tonumber(L, nargs);
    struct state state;
    if (nargs == 1 + generator && lua_type(L, nargs) == LUA_TNUMBER &&
        number > -limit && number < limit) {
        state.seed = (uint64_t)(int64_t)number;
        if (run_or_jump(L,
                        lp_push_stream_or_jump(lp_operation_state(L), L,
                                               generator),
                        SEED, &state)) {
            return 0;
        }
    }
    lua_settop(L, nargs);
    return lp_call_rest_or_jump(L);
}

static int
holds_state(const struct lp_tensor *t)
{
    return t != NULL && t->dtype == LP_Byte && t->nd > 0 &&
           lp_count_elements(t) == (int64_t)sizeof(struct state) &&
           lp_is_contiguous(t);
}

/* torch.getRNGState([generator,] [t]) */
static int
get_state(lua_State *L)
{
    int nargs = lua_gettop(L), generator = lua_istable(L, 1);
    const int64_t size = (int64_t)sizeof(struct state);
    struct state state;
    struct lp_tensor *t = lp_to_tensor(L, generator + 1);
    if (nargs > generator + 1 ||
        (nargs > generator && (!holds_state(t) || t->nd != 1)) ||
        !run_or_jump(L,
                     lp_push_stream_or_jump(lp_operation_state(L), L,
                                            generator),
                     GET, &state)) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    if (nargs > generator) {
        lua_settop(L, nargs);
    }
    else {
        t = lp_new_sized_or_jump(lp_operation_state(L), L, LP_Byte, 1, &size);
    }
    if (!holds_state(t)) { /* any more */
        return lp_changed_or_jump(L);
    }
    memcpy(lp_tensor_data(t), &state, sizeof state);
    return 1;
}

/* torch.setRNGState([generator,] t) */
static int
set_state(lua_State *L)
{
    int nargs = lua_gettop(L), generator = lua_istable(L, 1);
    const struct lp_tensor *t = lp_to_tensor(L, generator + 1);
    struct state state;
    if (nargs == generator + 1 && holds_state(t)) {
        memcpy(&state, lp_tensor_data(t), sizeof state);
        if (state.seeded == 1 && state.left > 0 &&
            state.left <= LP_TWISTER_WORDS &&
            state.drawn <= LP_TWISTER_WORDS &&
            run_or_jump(L,
                        lp_push_stream_or_jump(lp_operation_state(L), L,
                                               generator),
                        SET, &state)) {
            lua_settop(L, nargs);
            return 1;
        }
    }
    lua_settop(L, nargs);
    return lp_call_rest_or_jump(L);
}

const struct lp_operation lp_seedings[] = {
    {"getRNGState", get_state,   NULL},
    {"manualSeed",  manual_seed, NULL},
    {"setRNGState", set_state,   NULL},
    {NULL,          NULL,        NULL},
};
