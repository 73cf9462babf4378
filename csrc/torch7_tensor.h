/* SPDX-License-Identifier: MIT */
/* Tensors of real Torch7, which is found in the process at run time. */
#ifndef LP_TORCH7_TENSOR_H
#define LP_TORCH7_TENSOR_H

#include "tensor/provider.h"

extern const struct lp_tensor_provider lp_torch7_provider;

#endif
