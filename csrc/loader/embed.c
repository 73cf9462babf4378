/* SPDX-License-Identifier: MIT */
/* Starting a Python that looks like `python script`.  libpython is opened
 * RTLD_GLOBAL, because Python's own extension modules and py.core resolve their
 * symbols from the process. */
#include "loader/embed.h"

#include <dlfcn.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/libpython.h"

/* `python` switches to UTF-8 mode in the C locale; an embedded Python has to
 * be told. PYTHONUTF8 decides where it is set. Expects LC_CTYPE to be set
 * from the environment. */
static int
wants_utf8_mode(void)
{
    const char *asked = getenv("PYTHONUTF8");
    const char *locale = setlocale(LC_CTYPE, NULL);

    if (asked != NULL && asked[0] != '\0')
        return strcmp(asked, "1") == 0;
    return locale == NULL || strcmp(locale, "C") == 0 ||
           strcmp(locale, "POSIX") == 0;
}

/* Py_InitializeEx(0) leaves all signals alone. Python code expects EPIPE, not
 * the end of the process; a handler that the host has set stays. */
static void
ignore_if_default(int number)
{
    struct sigaction current;

    if (sigaction(number, NULL, &current) == 0 &&
        (current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_DFL)
        signal(number, SIG_IGN);
}

/* The program name and the home are kept for ever: some versions of Python
 * store the pointer. */
static int
set_program(const struct lp_libpython *py, const struct lp_start_options *options)
{
    wchar_t *program = py->Py_DecodeLocale(options->program, NULL);
    wchar_t *home = NULL;

    if (program == NULL)
        return 0;
    py->Py_SetProgramName(program);
    if (options->home != NULL) {
        home = py->Py_DecodeLocale(options->home, NULL);
        if (home == NULL)
            return 0;
        py->Py_SetPythonHome(home);
    }
    return 1;
}

/* sys.argv as given; sys.path[0] as `python script` sets it. GIL held. */
static void
set_arguments(const struct lp_libpython *py, const struct lp_start_options *options)
{
    wchar_t **argv = calloc((size_t)options->argc + 1, sizeof *argv);
    void *sys_path = NULL; /* borrowed */
    void *folder = NULL;
    int count = 0;

    if (argv != NULL) {
        for (; count < options->argc; count++) {
            argv[count] = py->Py_DecodeLocale(options->argv[count], NULL);
            if (argv[count] == NULL)
                break;
        }
        py->PySys_SetArgvEx(count, argv, 0);
        while (count > 0)
            py->PyMem_RawFree(argv[--count]);
        free(argv);
    }
    if (options->path0 != NULL) {
        sys_path = py->PySys_GetObject("path");
        folder = py->PyUnicode_DecodeFSDefault(options->path0);
        if (sys_path == NULL || folder == NULL ||
            py->PyList_Insert(sys_path, 0, folder) < 0)
            py->PyErr_Clear();
        if (folder != NULL)
            py->Py_DecRef(folder);
    }
}

int
lp_start_python(const struct lp_start_options *options, char *message,
                size_t size)
{
    struct lp_libpython py;
    void *library;
    int *utf8_mode;
    int utf8;

    if (!lp_check_no_other_library(options->library, message, size))
        return 0;
    library = dlopen(options->library, RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL) {
        snprintf(message, size, "%s", dlerror());
        return 0;
    }
    if (!lp_check_version(library, options->version, message, size) ||
        !lp_resolve_functions(library, &py, message, size)) {
        dlclose(library);
        return 0;
    }

    setlocale(LC_CTYPE, "");
    utf8 = options->utf8 >= 0 ? options->utf8 : wants_utf8_mode();
    if (utf8) {
        utf8_mode = (int *)dlsym(library, "Py_UTF8Mode");
        if (utf8_mode != NULL)
            *utf8_mode = 1;
        /* For Py_DecodeLocale, which knows of UTF-8 mode only once Python
         * runs. Py_InitializeEx sets the environment's locale again. */
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    if (!set_program(&py, options)) {
        snprintf(message, size, "cannot decode the path %s", options->program);
        return 0;
    }
    py.Py_InitializeEx(0);
    ignore_if_default(SIGPIPE);
#if defined(SIGXFSZ)
    ignore_if_default(SIGXFSZ);
#endif
    set_arguments(&py, options);
    py.PyEval_SaveThread();
    return 1;
}
