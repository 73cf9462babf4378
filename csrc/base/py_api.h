/* SPDX-License-Identifier: MIT */
/* The only file that includes Python.h.
 *
 * The core is built against the stable ABI of CPython 3.9, so that one build
 * runs with 3.9 to 3.13.  What is faster or only there in some versions is
 * looked up once at run time (`lp_py`); what the stable ABI of 3.9 leaves out
 * although every supported version exports it is declared here. */
#ifndef LP_PY_API_H
#define LP_PY_API_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x03090000
#endif
#include <Python.h>
#include <structmember.h>

#include "base/own.h"

/* Exported by every CPython 3.9-3.13, in the stable ABI only later. */
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *, Py_ssize_t *);
PyAPI_FUNC(PyObject *) PyMethod_New(PyObject *, PyObject *);
PyAPI_FUNC(PyObject *) PyVectorcall_Call(PyObject *, PyObject *, PyObject *);

#if !defined(Py_buffer) && Py_LIMITED_API + 0 < 0x030b0000
/* The layout has been the same since 3.3; 3.11 made it part of the ABI. */
typedef struct bufferinfo {
    void *buf;
    PyObject *obj;
    Py_ssize_t len;
    Py_ssize_t itemsize;
    int readonly;
    int ndim;
    char *format;
    Py_ssize_t *shape;
    Py_ssize_t *strides;
    Py_ssize_t *suboffsets;
    void *internal;
} Py_buffer;
PyAPI_FUNC(int) PyObject_CheckBuffer(PyObject *);
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *, Py_buffer *, int);
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *);
PyAPI_FUNC(int) PyBuffer_FillInfo(Py_buffer *, PyObject *, void *, Py_ssize_t,
                                  int, int);
#define PyBUF_SIMPLE     0
#define PyBUF_WRITABLE   0x0001
#define PyBUF_FORMAT     0x0004
#define PyBUF_ND         0x0008
#define PyBUF_STRIDES    (0x0010 | PyBUF_ND)
#define PyBUF_STRIDED_RO PyBUF_STRIDES
#define PyBUF_RECORDS_RO (PyBUF_STRIDES | PyBUF_FORMAT)
#define PyBUF_RECORDS    (PyBUF_STRIDES | PyBUF_WRITABLE | PyBUF_FORMAT)
#define Py_bf_getbuffer     1
#define Py_bf_releasebuffer 2
#endif

#ifndef PY_VECTORCALL_ARGUMENTS_OFFSET
#define PY_VECTORCALL_ARGUMENTS_OFFSET ((size_t)1 << (8 * sizeof(size_t) - 1))
#endif
#define LP_VECTORCALL_NARGS(n)                                                \
    ((Py_ssize_t)((n) & ~PY_VECTORCALL_ARGUMENTS_OFFSET))
/* Py_TPFLAGS_HAVE_VECTORCALL: the bit has been the same since 3.8. */
#define LP_TPFLAGS_VECTORCALL (1UL << 11)

typedef PyObject *(*lp_vectorcall_fn)(PyObject *, PyObject *const *, size_t,
                                      PyObject *);

/* Functions that only some supported versions have, or whose best form
 * differs.  Filled by lp_py_resolve; never NULL afterwards unless noted. */
struct lp_py_api {
    /* [GIL] callable(*args, **kw): kwnames is a tuple or NULL. */
    LP_OWNED PyObject *(*vectorcall)(PyObject *, PyObject *const *, size_t,
                                     PyObject *);
    LP_OWNED PyObject *(*vectorcall_method)(PyObject *, PyObject *const *,
                                            size_t, PyObject *);
    /* [GIL] 1 found, 0 no such attribute (no error set), -1 error. */
    int (*optional_attr)(PyObject *, PyObject *, PyObject **);
    /* [GIL, which is given up] PyThreadState_DeleteCurrent */
    void (*delete_current_thread)(void);
    /* [GIL] All thread states; the first of them is the newest one, and
     * may be asked for without the GIL.  NULL where nobody exports them. */
    PyThreadState *(*thread_head)(PyInterpreterState *);
    PyThreadState *(*thread_next)(PyThreadState *);
    LP_OWNED PyObject *(*get_raised)(void); /* 3.12+, else NULL */
    void (*set_raised)(PyObject *);         /* 3.12+, else NULL */
};
extern struct lp_py_api lp_py;

/* [GIL] Take the current exception: normalised, its traceback attached, the
 * error indicator cleared.  Never NULL: without an error, a SystemError. */
LP_OWNED PyObject *lp_take_raised(void);
/* [GIL] Raise an exception object with the traceback it carries. */
void lp_set_raised(LP_STEALS PyObject *exc);

/* [no GIL needed] Look the optional symbols up in the running process. */
void lp_py_resolve(void);

#endif
