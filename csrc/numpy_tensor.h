/* SPDX-License-Identifier: MIT */
/* The built-in tensors: on every Lua, with NumPy's arrays as memory. */
#ifndef LP_NUMPY_TENSOR_PROVIDER_H
#define LP_NUMPY_TENSOR_PROVIDER_H

#include "tensor/provider.h"

extern const struct lp_tensor_provider lp_numpy_provider;

#endif
