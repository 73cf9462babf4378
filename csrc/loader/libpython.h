/* SPDX-License-Identifier: MIT */
/* The library that Python is in.  There is no Python.h here: the library is
 * known at run time only, so its functions are looked up by name. */
#ifndef LP_LIBPYTHON_H
#define LP_LIBPYTHON_H

#include <stddef.h>
#include <sys/types.h>
#include <wchar.h>

/* Every function of libpython that starting needs, all of them exported by
 * 3.9 and newer. Objects are void pointers here. (clang-format would take the
 * rows for one expression.) */
/* clang-format off */
#define PYTHON_FUNCTIONS(row)                                                 \
    row(wchar_t *, Py_DecodeLocale, (const char *, size_t *))                 \
    row(void, Py_SetProgramName, (const wchar_t *))                           \
    row(void, Py_SetPythonHome, (const wchar_t *))                            \
    row(void, Py_InitializeEx, (int))                                         \
    row(void, PyMem_RawFree, (void *))                                        \
    row(void, PySys_SetArgvEx, (int, wchar_t **, int))                        \
    row(void *, PySys_GetObject, (const char *))                              \
    row(void *, PyUnicode_DecodeFSDefault, (const char *))                    \
    row(int, PyList_Insert, (void *, ssize_t, void *))                        \
    row(void, PyErr_Clear, (void))                                            \
    row(void, Py_DecRef, (void *))                                            \
    row(void *, PyEval_SaveThread, (void))
/* clang-format on */

#define AS_FIELD(result, name, parameters) result(*name) parameters;
struct lp_libpython {
    PYTHON_FUNCTIONS(AS_FIELD)
};

/* Does any Python run in this process? */
int lp_python_is_running(void);

/* All that follow return 1, or 0 with a `message` that says why not. */

/* Can lua-py work with the Python behind `library`?  Looks only at functions
 * that work before Python has started.  `wanted` is "3.11" or NULL. */
int lp_check_version(void *library, const char *wanted, char *message,
                     size_t size);

/* A libpython that something else opened but did not start would win every
 * symbol lookup over the chosen one: two Pythons in a process crash. */
int lp_check_no_other_library(const char *path, char *message, size_t size);

/* Fill `py` from `library`. */
int lp_resolve_functions(void *library, struct lp_libpython *py, char *message,
                         size_t size);

#endif
