/* SPDX-License-Identifier: MIT */
/* Memory that is not Python's, as the `base` of arrays: a Python object that
 * keeps it, offers it as a writable buffer (NumPy asks for one when somebody
 * sets `flags.writeable`) and lets go of it in the end. */
#ifndef LP_MEMORY_H
#define LP_MEMORY_H

#include "base/py_api.h"

/* [GIL, on any thread] Called once, with what lp_memory_new was given. */
typedef void (*lp_memory_release)(void *ctx);

/* [GIL] If this fails, `release` was not called. */
LP_OWNED PyObject *lp_memory_new(void *data, size_t bytes, int readonly,
                                 lp_memory_release release, void *ctx);
/* [GIL] Make the type pyhelper._core.TensorMemory.  0 or -1. */
int lp_memory_init_python(PyObject *module);

#endif
