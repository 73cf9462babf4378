/* SPDX-License-Identifier: MIT */
#include "convert/names.h"

#include <stdlib.h>
#include <string.h>

#include "convert/to_python.h"

/* Direct-mapped by the address of the Lua string, which is the same each
 * time a piece of code runs; the content is compared, because the address
 * may be another string's by now. */
enum { N_NAMES = 256 };

struct lp_names {
    struct {
        PyObject *name;   /* owned, interned */
        const char *utf8; /* its own UTF-8 form */
        size_t size;
    } entry[N_NAMES];
};

/* [GIL] */
static void
free_names(struct lp_names *names)
{
    for (int i = 0; i < N_NAMES; i++) {
        Py_XDECREF(names->entry[i].name);
    }
    free(names);
}

PyObject *
lp_name(struct lp_state *S, lua_State *L, int index)
{
    size_t size;
    const char *s = lua_tolstring(L, index, &size);
    if (S->names == NULL) {
        S->names = calloc(1, sizeof *S->names);
        if (S->names == NULL) {
            return PyErr_NoMemory();
        }
        S->free_names = free_names;
    }
    size_t i = ((uintptr_t)s >> 4 ^ (uintptr_t)s >> 12) % N_NAMES;
    PyObject *name = S->names->entry[i].name;
    if (name != NULL && S->names->entry[i].size == size &&
        memcmp(S->names->entry[i].utf8, s, size) == 0) {
        Py_INCREF(name);
        return name;
    }
    PyObject *made = lp_to_str(L, index);
    if (made == NULL) {
        return NULL;
    }
    PyUnicode_InternInPlace(&made);
    Py_ssize_t n;
    const char *utf8 = PyUnicode_AsUTF8AndSize(made, &n);
    if (utf8 == NULL) { /* escaped bytes: usable, not cached */
        PyErr_Clear();
        return made;
    }
    Py_INCREF(made);
    S->names->entry[i].name = made;
    S->names->entry[i].utf8 = utf8;
    S->names->entry[i].size = (size_t)n;
    Py_XDECREF(name); /* a str: runs no code */
    return made;
}
