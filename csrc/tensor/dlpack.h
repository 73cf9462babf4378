/* SPDX-License-Identifier: MIT */
/* The DLPack protocol: arrays of other libraries.  NumPy's own from_dlpack
 * gives read-only arrays in some versions, so the capsule is read here. */
#ifndef LP_DLPACK_H
#define LP_DLPACK_H

#include "base/py_api.h"

/* [GIL, no lock] An ndarray on the memory of an object with __dlpack__, or
 * NULL with the Python error that says what to do about it. */
LP_OWNED PyObject *lp_from_dlpack(PyObject *obj);

#endif
