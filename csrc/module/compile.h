/* SPDX-License-Identifier: MIT */
/* Compiling Python source text. */
#ifndef LP_COMPILE_H
#define LP_COMPILE_H

#include "base/py_api.h"

/* [GIL] Add compile_text to pyhelper._core.  0 or -1. */
int lp_compile_init_python(PyObject *module);

#endif
