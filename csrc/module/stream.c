/* SPDX-License-Identifier: MIT */
/* C's stdout and stderr for Python: what both languages write keeps its
 * order because it goes through one buffer (pyhelper/_streams.py). */
#include "module/stream.h"

#include <errno.h>
#include <stdio.h>

static FILE *
stream_of(int fd)
{
    return fd == 2 ? stderr : stdout;
}

/* write(fd, bytes) -> number of bytes */
static PyObject *
stream_write(PyObject *self, PyObject *args)
{
    int fd;
    const char *s;
    Py_ssize_t n;
    (void)self;
    if (!PyArg_ParseTuple(args, "iy#", &fd, &s, &n)) {
        return NULL;
    }
    errno = 0;
    size_t written;
    Py_BEGIN_ALLOW_THREADS
    written = fwrite(s, 1, (size_t)n, stream_of(fd));
    Py_END_ALLOW_THREADS
    if (written < (size_t)n) {
        clearerr(stream_of(fd));
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromSsize_t(n);
}

/* flush(fd) */
static PyObject *
stream_flush(PyObject *self, PyObject *args)
{
    int fd, failed;
    (void)self;
    if (!PyArg_ParseTuple(args, "i", &fd)) {
        return NULL;
    }
    errno = 0;
    Py_BEGIN_ALLOW_THREADS
    failed = fflush(stream_of(fd)) != 0;
    Py_END_ALLOW_THREADS
    if (failed) {
        clearerr(stream_of(fd));
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"stream_write", stream_write, METH_VARARGS, NULL},
    {"stream_flush", stream_flush, METH_VARARGS, NULL},
    {NULL,           NULL,         0,            NULL},
};

int
lp_stream_init_python(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
