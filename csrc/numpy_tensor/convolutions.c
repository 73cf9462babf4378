/* SPDX-License-Identifier: MIT */
/* Convolutions and correlations in two and three dimensions, as sums of
 * products in the order of Torch7, so that the last digits are the same. */
#include "numpy_tensor/planes.h"

/* SciPy, where installed, takes those of real numbers with kernels of so many
 * elements, and so many products for a plane: the product of Fourier
 * transforms is faster. */
enum { LARGE_KERNEL = 256, MANY_PRODUCTS = 1 << 20 };

struct call {
    const struct lp_tensor *result, *image, *kernel; /* result: or NULL */
    int full, crossed;
    int n;        /* dimensions of a plane: 2 or 3 */
    int any_size; /* large ones as well */
};

/* What must still be so after something was made. */
struct plan {
    enum lp_dtype dtype;
    int nd; /* of the result: its sizes */
    int64_t size[4];
    int64_t planes; /* summed up */
    int64_t image[3], kernel[3];
    int large;
};

/* 0: it is not for us. */
static int
plan_call(const struct call *call, struct plan *plan)
{
    const struct lp_tensor *image = call->image, *kernel = call->kernel;
    memset(plan, 0, sizeof *plan); /* for memcmp */
    if (image == NULL || kernel == NULL || image->dtype != kernel->dtype ||
        image->dtype == LP_Half ||
        !(image->nd == call->n
              ? kernel->nd == call->n
              : image->nd == call->n + 1 && (kernel->nd == call->n + 1 ||
                                             kernel->nd == call->n + 2))) {
        return 0;
    }
    plan->dtype = image->dtype;
    plan->nd = image->nd;
    plan->planes = kernel->nd == call->n + 2 ? kernel->size[1] : 1;
    if (image->nd > call->n) {
        plan->size[0] = kernel->size[0];
        if (image->size[0] != kernel->size[kernel->nd - image->nd]) {
            return 0;
        }
    }
    double taps = 1, products = 1;
    for (int d = 0; d < call->n; d++) {
        int64_t i = image->size[image->nd - call->n + d];
        int64_t k = kernel->size[kernel->nd - call->n + d];
        if (!call->full && i < k) {
            return 0;
        }
        plan->image[d] = i;
        plan->kernel[d] = k;
        plan->size[image->nd - call->n + d] = call->full ? i + k - 1
                                                         : i - k + 1;
        taps *= (double)k;
        products *= (double)k * (double)(call->full ? i : i - k + 1);
    }
    plan->large = taps >= LARGE_KERNEL && products >= MANY_PRODUCTS &&
                  !lp_dtypes[image->dtype].integral;
    return 1;
}

/* Can it be written to as it is? */
static int
fits(const struct lp_tensor *t, const struct call *call,
     const struct plan *plan)
{
    return t->dtype == plan->dtype &&
           lp_has_sizes(t, plan->nd, plan->size) && lp_is_contiguous(t) &&
           !lp_share_memory(t, call->image) &&
           !lp_share_memory(t, call->kernel);
}

static int
has_plain_rows(const struct lp_tensor *t)
{
    return t->size[t->nd - 1] == 1 || lp_tensor_strides(t)[t->nd - 1] == 1;
}

static struct lp_volume
volume_of(const struct lp_tensor *t, int n)
{
    struct lp_volume v = {.size = {1, 1, 1}};
    for (int d = 0; d < n; d++) {
        v.size[3 - n + d] = (ptrdiff_t)t->size[t->nd - n + d];
        v.step[3 - n + d] = (ptrdiff_t)lp_tensor_strides(t)[t->nd - n + d];
    }
    return v;
}

static void
convolve(const struct call *call, const struct plan *plan,
         const struct lp_tensor *image, const struct lp_tensor *result)
{
    const struct lp_tensor *kernel = call->kernel;
    const int n = call->n;
    struct lp_planes w = {
        .dtype = plan->dtype,
        .item = (ptrdiff_t)lp_dtypes[plan->dtype].size,
        .image = volume_of(image, n),
        .kernel = volume_of(kernel, n),
        .out = volume_of(result, n),
        .full = call->full,
    };
    w.apart = n == 3 || w.out.size[2] < 4;
    w.backwards = n == 3 || w.image.size[2] < 4;
    const char *kernels = lp_tensor_data(kernel);
    if (call->full == call->crossed) { /* from its end on */
        for (int d = 0; d < 3; d++) {
            kernels += (w.kernel.size[d] - 1) * w.kernel.step[d] * w.item;
            w.kernel.step[d] = -w.kernel.step[d];
        }
    }
    /* Steps from plane to plane. */
    int many = image->nd > n;
    int64_t outputs = many ? result->size[0] : 1;
    int64_t image_step = many ? lp_tensor_strides(image)[0] : 0;
    int64_t result_step = many ? lp_tensor_strides(result)[0] : 0;
    int64_t output_step = many ? lp_tensor_strides(kernel)[0] : 0;
    int64_t input_step = kernel->nd == n + 2 ? lp_tensor_strides(kernel)[1]
                                             : 0;
    for (int64_t to = 0; to < outputs; to++) {
        for (int64_t i = 0; i < plan->planes; i++) {
            int64_t from = kernel->nd == n + 2 ? i : to;
            lp_add_plane(&w, lp_tensor_data(image) + from * image_step * w.item,
                      kernels + (to * output_step + i * input_step) * w.item,
                      lp_tensor_data(result) + to * result_step * w.item);
        }
    }
}

/* [-0, +0..2, em] The result is on top or the argument; 0: not for us. */
static const struct lp_tensor *
run_or_jump(lua_State *L, const struct call *call)
{
    struct plan plan, again;
    if (!plan_call(call, &plan) || (plan.large && !call->any_size) ||
        (call->result != NULL && !fits(call->result, call, &plan))) {
        return NULL;
    }
    struct lp_state *S = call->image->S;
    const struct lp_tensor *image = call->image, *result = call->result;
    if (!has_plain_rows(image)) {
        lp_loops_need_or_jump(S, L);
        image = lp_new_sized_or_jump(S, L, plan.dtype, image->nd,
                                     image->size);
    }
    if (result == NULL) {
        result = lp_new_zeroed_or_jump(S, L, plan.dtype, plan.nd, plan.size);
    }
    if (!plan_call(call, &again) || memcmp(&plan, &again, sizeof plan) != 0 ||
        !fits(result, call, &plan) ||
        (image == call->image
             ? !has_plain_rows(image)
             : !lp_same_sizes(image, call->image) ||
                   !lp_copy(image, call->image))) {
        lp_changed_or_jump(L);
    }
    if (call->result != NULL) {
        const uint64_t zero = 0;
        lp_fill(result, &zero);
    }
    convolve(call, &plan, image, result);
    return result;
}

/* conv2([result,] image, kernel [, form]) and its kin */
static int
operation(lua_State *L)
{
    const char *row = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int nargs = lua_gettop(L);
    struct call call = {.crossed = row[0] == 'X', .n = row[1] - '0'};
    int tensors = nargs;
    if (nargs > 0 && lua_type(L, nargs) == LUA_TSTRING) {
        const char *form = lua_tostring(L, nargs);
        call.full = strcmp(form, "F") == 0;
        tensors = call.full || strcmp(form, "V") == 0 ? nargs - 1 : 0;
    }
    if (tensors == 2 || tensors == 3) {
        call.result = tensors == 3 ? lp_to_tensor(L, 1) : NULL;
        call.image = lp_to_tensor(L, tensors - 1);
        call.kernel = lp_to_tensor(L, tensors);
        if ((tensors == 2 || call.result != NULL) &&
            run_or_jump(L, &call) != NULL) {
            if (tensors == 3) {
                lua_settop(L, 1);
            }
            return 1;
        }
    }
    return lp_call_rest_or_jump(L);
}

int
lp_library_convolve(lua_State *L)
{
    const char *row = luaL_checkstring(L, 1);
    struct call call = {
        .result = lp_check_tensor_or_jump(L, 2),
        .image = lp_check_tensor_or_jump(L, 3),
        .kernel = lp_check_tensor_or_jump(L, 4),
        .full = lua_toboolean(L, 5),
        .crossed = row[0] == 'X',
        .n = row[1] - '0',
        .any_size = lua_toboolean(L, 6),
    };
    struct plan plan;
    if (plan_call(&call, &plan) && plan.large && !call.any_size) {
        lua_pushnil(L);
    }
    else {
        lua_pushboolean(L, run_or_jump(L, &call) != NULL);
    }
    return 1;
}

const struct lp_operation lp_convolutions[] = {
    {"conv2",  operation, "C2"},
    {"conv3",  operation, "C3"},
    {"xcorr2", operation, "X2"},
    {"xcorr3", operation, "X3"},
    {NULL,     NULL,      NULL},
};
