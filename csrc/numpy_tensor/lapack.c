/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/lapack.h"

#include <stdio.h>
#include <string.h>

#include "cross/error.h"

enum { SINGLE, DOUBLE, N_PRECISIONS };

int lp_lapack_known; /* everything below is final */
static struct {
    int has[N_PRECISIONS];
    struct lp_lapack functions[N_PRECISIONS];
} found;

/* [-] Does the text end with `end`?  `n`: its length. */
static int
ends_with(const char *text, size_t n, const char *end)
{
    size_t length = strlen(end);
    return n >= length && memcmp(text + n - length, end, length) == 0;
}

/* [-] The kind of argument that the `n` characters from `text` on declare, or
 * 0.  Builds of LAPACK with wider integers have another type than int. */
static char
kind_of(const char *text, size_t n, int precision)
{
    /* Cython's names for float and double, in that module. */
    static const char *const reals[N_PRECISIONS] = {
        "cython_lapack_s *", "cython_lapack_d *"};
    if (n == 6 && memcmp(text, "char *", 6) == 0) {
        return 'c';
    }
    if (n == 5 && memcmp(text, "int *", 5) == 0) {
        return 'i';
    }
    return ends_with(text, n, reals[precision]) ? 'r' : 0;
}

/* [-] Does a capsule's name, "void (int *, …)", declare such arguments? */
static int
declares(const char *name, const char *kinds, int precision)
{
    static const char start[] = "void (";
    if (name == NULL || strncmp(name, start, sizeof start - 1) != 0) {
        return 0;
    }
    const char *text = name + sizeof start - 1;
    for (; *kinds != '\0'; kinds++) {
        size_t n = strcspn(text, ",)");
        if (kind_of(text, n, precision) != *kinds ||
            text[n] != (kinds[1] != '\0' ? ',' : ')')) {
            return 0;
        }
        text += n + 1;
        text += *text == ' ';
    }
    return *text == '\0';
}

/* [GIL] The functions for one precision, out of the dict of capsules; 0 if one
 * is missing, or is not as it is known here. */
static int
find(PyObject *capsules, int precision)
{
    static const struct {
        const char *name, *kinds;
        size_t at;
    } rows[] = {
#define LP_ROW(name, kinds, ...) {#name, kinds, offsetof(struct lp_lapack, name)},
        LP_LAPACK(LP_ROW)
#undef LP_ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[16];
        snprintf(name, sizeof name, "%c%s", precision == SINGLE ? 's' : 'd',
                 rows[i].name);
        PyObject *capsule = PyDict_GetItemString(capsules, name);
        if (capsule == NULL || !PyCapsule_CheckExact(capsule)) {
            return 0;
        }
        const char *declaration = PyCapsule_GetName(capsule);
        if (!declares(declaration, rows[i].kinds, precision)) {
            return 0;
        }
        void *function = PyCapsule_GetPointer(capsule, declaration);
        memcpy((char *)&found.functions[precision] + rows[i].at, &function,
               sizeof function);
    }
    return 1;
}

static void
look_or_jump(struct lp_state *S, lua_State *L)
{
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_cross_unlock(&x);
    PyObject *module = PyImport_ImportModule("scipy.linalg.cython_lapack");
    PyObject *capsules =
        module != NULL ? PyObject_GetAttrString(module, "__pyx_capi__") : NULL;
    /* An interrupt is no answer. */
    int interrupted = PyErr_Occurred() != NULL &&
                      !PyErr_ExceptionMatches(PyExc_Exception);
    if (!interrupted) {
        PyErr_Clear(); /* SciPy is missing, or is another one */
    }
    if (!interrupted && !lp_lapack_known) {
        for (int p = 0; p < N_PRECISIONS; p++) {
            /* The module, which stays imported, keeps the functions. */
            found.has[p] = capsules != NULL && PyDict_Check(capsules) &&
                           find(capsules, p);
        }
        PyErr_Clear();
        __atomic_store_n(&lp_lapack_known, 1, __ATOMIC_RELEASE);
    }
    Py_XDECREF(capsules);
    Py_XDECREF(module);
    lp_cross_lock(&x);
    if (interrupted) {
        lp_cross_fail(S, L, 0);
        lp_cross_end(&x);
        lua_error(L);
        return;
    }
    lp_cross_end(&x);
}

const struct lp_lapack *
lp_lapack_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype)
{
    if (LP_UNLIKELY(!__atomic_load_n(&lp_lapack_known, __ATOMIC_ACQUIRE))) {
        look_or_jump(S, L);
    }
    int precision = dtype == LP_Float ? SINGLE : DOUBLE;
    return found.has[precision] ? &found.functions[precision] : NULL;
}
