/* SPDX-License-Identifier: MIT */
#ifndef LP_STREAM_H
#define LP_STREAM_H

#include "base/py_api.h"

/* [GIL] Add stream_write and stream_flush to pyhelper._core.  0 or -1. */
int lp_stream_init_python(PyObject *module);

#endif
