/* SPDX-License-Identifier: MIT */
/* pyhelper._core.compile_text: Python's compile() for source text.
 *
 * The builtin function takes and gives ASTs, too, and makes all their classes
 * when it is first called, a tenth of what Python takes to start.  This one is
 * what the interpreter itself uses for a file. */
#include "module/compile.h"

#include <stdio.h>
#include <string.h>

#include "base/dynlib.h"

/* PyCompilerFlags, the same in 3.8 to 3.13 (cpython/compile.h), and the flags
 * that compile() sets for a str. */
struct compiler_flags {
    int flags;
    int feature_version; /* minor version of the grammar */
};
enum { SOURCE_IS_UTF8 = 0x0100, IGNORE_COOKIE = 0x0800 };
enum { NEWEST_KNOWN_MINOR = 13 };

typedef PyObject *(*compile_fn)(const char *, PyObject *, int,
                                struct compiler_flags *, int);

/* [GIL] For Pythons that may have another structure. */
static PyObject *
compile_by_builtin(const char *text, PyObject *filename, const char *mode)
{
    PyObject *builtins = PyEval_GetBuiltins(); /* borrowed */
    PyObject *compile = PyDict_GetItemString(builtins, "compile");
    if (compile == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "builtins has no compile");
        return NULL;
    }
    return PyObject_CallFunction(compile, "sOsii", text, filename, mode, 0, 1);
}

/* compile_text(text, filename, 'exec' or 'eval') -> code object */
static PyObject *
compile_text(PyObject *self, PyObject *args)
{
    static compile_fn compile;
    static int minor = -1;
    const char *text, *mode;
    PyObject *filename;
    (void)self;
    if (!PyArg_ParseTuple(args, "sUs", &text, &filename, &mode)) {
        return NULL;
    }
    if (minor < 0) {
        *(void **)&compile = lp_dynlib_symbol("Py_CompileStringObject");
        if (compile == NULL ||
            sscanf(Py_GetVersion(), "3.%d", &minor) != 1) {
            minor = NEWEST_KNOWN_MINOR + 1;
        }
    }
    if (minor > NEWEST_KNOWN_MINOR) {
        return compile_by_builtin(text, filename, mode);
    }
    struct compiler_flags flags = {SOURCE_IS_UTF8 | IGNORE_COOKIE, minor};
    int start = strcmp(mode, "eval") == 0 ? Py_eval_input : Py_file_input;
    return compile(text, filename, start, &flags, -1);
}

static PyMethodDef methods[] = {
    {"compile_text", compile_text, METH_VARARGS, NULL},
    {NULL,           NULL,         0,            NULL},
};

int
lp_compile_init_python(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
