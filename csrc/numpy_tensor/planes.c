/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/planes.h"

#include "numpy_tensor/rows.h"

/* ---- sums of products ---- */

/* The products that make one element, and its neighbours: steps are in
 * elements. */
struct taps {
    ptrdiff_t slices, rows, columns;
    ptrdiff_t image_slice, image_row, image_column;
    ptrdiff_t kernel_slice, kernel_row, kernel_column;
    int apart; /* added up by themselves, before what is there */
};

/* Elements that are summed up side by side, in registers. */
enum { BLOCK = 16, SMALL_BLOCK = 4 };

typedef void sum_function(const struct taps *taps, const char *image,
                          const char *kernel, char *out, ptrdiff_t n);

#define LP_SUMS_OF(type, ctype, wide)                                         \
    static inline __attribute__((always_inline)) void block_##type(           \
        const struct taps *taps, const ctype *image, const ctype *kernel,     \
        ctype *out, const ptrdiff_t n)                                        \
    {                                                                         \
        ctype sums[BLOCK];                                                    \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            sums[i] = taps->apart ? 0 : out[i];                               \
        }                                                                     \
        for (ptrdiff_t z = 0; z < taps->slices; z++) {                        \
            for (ptrdiff_t y = 0; y < taps->rows; y++) {                      \
                const ctype *from = image + z * taps->image_slice +           \
                                    y * taps->image_row;                      \
                const ctype *factor = kernel + z * taps->kernel_slice +       \
                                      y * taps->kernel_row;                   \
                for (ptrdiff_t x = 0; x < taps->columns; x++) {               \
                    for (ptrdiff_t i = 0; i < n; i++) {                       \
                        wide product = (wide)*factor * (wide)from[i];         \
                        sums[i] = (ctype)((wide)sums[i] + product);           \
                    }                                                         \
                    from += taps->image_column;                               \
                    factor += taps->kernel_column;                            \
                }                                                             \
            }                                                                 \
        }                                                                     \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            out[i] = taps->apart ? (ctype)((wide)out[i] + (wide)sums[i])      \
                                 : sums[i];                                   \
        }                                                                     \
    }                                                                         \
    static void sum_##type(const struct taps *taps, const char *image,        \
                           const char *kernel, char *out, ptrdiff_t n)        \
    {                                                                         \
        const ctype *from = (const ctype *)image;                             \
        const ctype *factors = (const ctype *)kernel;                         \
        ctype *to = (ctype *)out;                                             \
        for (; n >= BLOCK; n -= BLOCK, from += BLOCK, to += BLOCK) {          \
            block_##type(taps, from, factors, to, BLOCK);                     \
        }                                                                     \
        for (; n >= SMALL_BLOCK; n -= SMALL_BLOCK) {                          \
            block_##type(taps, from, factors, to, SMALL_BLOCK);               \
            from += SMALL_BLOCK;                                              \
            to += SMALL_BLOCK;                                                \
        }                                                                     \
        for (; n > 0; n--) {                                                  \
            block_##type(taps, from++, factors, to++, 1);                     \
        }                                                                     \
    }

LP_EACH_TYPE(LP_SUMS_OF)

static sum_function *const sums[LP_N_DTYPES] = LP_OF_TYPES(sum);

/* ---- one plane ---- */

static ptrdiff_t
least(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static ptrdiff_t
greatest(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

/* `n` columns of a row from column `x` on, all with the same products of a row
 * of the image and a row of the kernel. */
static void
full_columns(const struct lp_planes *w, struct taps *taps, const char *image,
             const char *kernel, char *out, ptrdiff_t x, ptrdiff_t n)
{
    ptrdiff_t first = greatest(0, x - w->image.size[2] + 1);
    ptrdiff_t last = least(w->kernel.size[2] - 1, x + n - 1);
    ptrdiff_t begin = w->backwards ? last : first;
    taps->columns = last - first + 1;
    sums[w->dtype](taps, image + (x - begin) * w->item,
           kernel + begin * w->kernel.step[2] * w->item, out + x * w->item, n);
}

/* One row where the image meets the kernel at all. */
static void
full_row(const struct lp_planes *w, const char *image, const char *kernel,
         char *out, ptrdiff_t z, ptrdiff_t y)
{
    ptrdiff_t first_z = greatest(0, z - w->kernel.size[0] + 1);
    ptrdiff_t first_y = greatest(0, y - w->kernel.size[1] + 1);
    int sign = w->backwards ? -1 : 1;
    struct taps taps = {
        .slices = least(w->image.size[0] - 1, z) - first_z + 1,
        .rows = least(w->image.size[1] - 1, y) - first_y + 1,
        .image_slice = w->image.step[0],
        .image_row = w->image.step[1],
        .image_column = -sign,
        .kernel_slice = -w->kernel.step[0],
        .kernel_row = -w->kernel.step[1],
        .kernel_column = sign * w->kernel.step[2],
    };
    image += (first_z * w->image.step[0] + first_y * w->image.step[1]) *
             w->item;
    kernel += ((z - first_z) * w->kernel.step[0] +
               (y - first_y) * w->kernel.step[1]) *
              w->item;
    ptrdiff_t inner = w->kernel.size[2] - 1, x = 0;
    ptrdiff_t n = w->image.size[2] - inner; /* columns with the whole kernel */
    for (; n > 0 && x < inner; x++) {
        full_columns(w, &taps, image, kernel, out, x, 1);
    }
    if (n > 0) {
        full_columns(w, &taps, image, kernel, out, x, n);
        x += n;
    }
    for (; x < w->out.size[2]; x++) {
        full_columns(w, &taps, image, kernel, out, x, 1);
    }
}

static void
valid_row(const struct lp_planes *w, const char *image, const char *kernel,
          char *out, ptrdiff_t z, ptrdiff_t y)
{
    const struct taps taps = {
        .slices = w->kernel.size[0],
        .rows = w->kernel.size[1],
        .columns = w->kernel.size[2],
        .image_slice = w->image.step[0],
        .image_row = w->image.step[1],
        .image_column = 1,
        .kernel_slice = w->kernel.step[0],
        .kernel_row = w->kernel.step[1],
        .kernel_column = w->kernel.step[2],
        .apart = w->apart,
    };
    image += (z * w->image.step[0] + y * w->image.step[1]) * w->item;
    sums[w->dtype](&taps, image, kernel, out, w->out.size[2]);
}

void
lp_add_plane(const struct lp_planes *w, const char *image, const char *kernel,
          char *out)
{
    for (ptrdiff_t z = 0; z < w->out.size[0]; z++) {
        for (ptrdiff_t y = 0; y < w->out.size[1]; y++) {
            char *row = out + (z * w->out.step[0] + y * w->out.step[1]) *
                                  w->item;
            (w->full ? full_row : valid_row)(w, image, kernel, row, z, y);
        }
    }
}
