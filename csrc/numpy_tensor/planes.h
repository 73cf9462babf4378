/* SPDX-License-Identifier: MIT */
/* Convolutions of one plane, or volume, with a kernel. */
#ifndef LP_PLANES_H
#define LP_PLANES_H

#include "numpy_tensor/operation.h"

/* Sizes and steps in elements of slices (1 in two dimensions), rows and
 * columns. */
struct lp_volume {
    ptrdiff_t size[3], step[3];
};

struct lp_planes {
    enum lp_dtype dtype; /* no halves */
    ptrdiff_t item;      /* bytes of an element */
    struct lp_volume image, kernel, out;
    int full;
    int apart;     /* products are added up by themselves first */
    int backwards; /* from the last column of the kernel on */
};

/* [-] Add the products of an image and a kernel to a plane, or volume, of the
 * result, in the order of Torch7.  Steps of columns of the image and of the
 * result are 1; steps of a kernel may be negative. */
void lp_add_plane(const struct lp_planes *w, const char *image,
                  const char *kernel, char *out);

#endif
