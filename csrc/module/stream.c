/* SPDX-License-Identifier: MIT */
/* C's stdin, stdout and stderr for Python: what both languages write keeps its
 * order because it goes through one buffer, and neither reads ahead of the
 * other (pyhelper/_streams.py). */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* getc_unlocked, ftrylockfile */
#endif

#include "module/stream.h"

#include <errno.h>
#include <stdio.h>
#if defined(__linux__)
#include <stdio_ext.h>
#endif
#include <string.h>

static FILE *
stream_of(int fd)
{
    return fd == 0 ? stdin : fd == 2 ? stderr : stdout;
}

/* After a failed call of stdio: 1 if a signal interrupted it and it is to be
 * tried again, -1 with a Python error. */
static int
try_again(FILE *stream)
{
    int error = errno;
    clearerr(stream);
    if (error == EINTR) {
        return PyErr_CheckSignals() < 0 ? -1 : 1;
    }
    errno = error != 0 ? error : EIO;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

/* Write without letting go of the GIL if that only fills the buffer: the
 * parts of one print() then stay together, as with Python's own streams.
 * Returns 0 if it might block. */
static int
write_to_buffer(FILE *stream, const char *s, size_t n)
{
#if defined(__linux__)
    if (ftrylockfile(stream) != 0) {
        return 0;
    }
    size_t size = __fbufsize(stream), used = __fpending(stream);
    int fits = used < size && n < size - used &&
               !(__flbf(stream) && memchr(s, '\n', n) != NULL);
    if (fits) {
        fwrite(s, 1, n, stream);
    }
    funlockfile(stream);
    return fits;
#else
    (void)stream;
    (void)s;
    (void)n;
    return 0;
#endif
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
    FILE *stream = stream_of(fd);
    size_t done = 0, all = (size_t)n;
    if (write_to_buffer(stream, s, all)) {
        return PyLong_FromSsize_t(n);
    }
    while (done < all) {
        Py_BEGIN_ALLOW_THREADS
        errno = 0;
        done += fwrite(s + done, 1, all - done, stream);
        Py_END_ALLOW_THREADS
        if (done < all && try_again(stream) < 0) {
            return NULL;
        }
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
    FILE *stream = stream_of(fd);
    do {
        Py_BEGIN_ALLOW_THREADS
        errno = 0;
        failed = fflush(stream) != 0;
        Py_END_ALLOW_THREADS
        if (failed && try_again(stream) < 0) {
            return NULL;
        }
    } while (failed);
    Py_RETURN_NONE;
}

/* Up to `size` bytes of the line that comes next in `stream`. */
static size_t
read_line(FILE *stream, char *s, size_t size)
{
    size_t n = 0;
    int c = 0;
    flockfile(stream);
    while (n < size && c != '\n' && (c = getc_unlocked(stream)) != EOF) {
        s[n++] = (char)c;
    }
    funlockfile(stream);
    return n;
}

/* read_line(size) -> bytes of the next line of stdin, b'' at its end */
static PyObject *
stream_read_line(PyObject *self, PyObject *args)
{
    char line[4096];
    Py_ssize_t size;
    (void)self;
    if (!PyArg_ParseTuple(args, "n", &size)) {
        return NULL;
    }
    size_t n, room = size < 0 || (size_t)size > sizeof line ? sizeof line
                                                           : (size_t)size;
    int failed;
    do {
        Py_BEGIN_ALLOW_THREADS
        errno = 0;
        n = read_line(stdin, line, room);
        Py_END_ALLOW_THREADS
        failed = n == 0 && ferror(stdin);
        if (failed && try_again(stdin) < 0) {
            return NULL;
        }
    } while (failed);
    /* A terminal goes on after Ctrl-D, a file that grows likewise. */
    clearerr(stdin);
    return PyBytes_FromStringAndSize(line, (Py_ssize_t)n);
}

static PyMethodDef methods[] = {
    {"stream_write",     stream_write,     METH_VARARGS, NULL},
    {"stream_flush",     stream_flush,     METH_VARARGS, NULL},
    {"stream_read_line", stream_read_line, METH_VARARGS, NULL},
    {NULL,               NULL,             0,            NULL},
};

int
lp_stream_init_python(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
