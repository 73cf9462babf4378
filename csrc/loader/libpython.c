/* SPDX-License-Identifier: MIT */
/* The library that Python is in: is it one that lua-py can work with? */
#if !defined(_GNU_SOURCE)
#    define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */
#endif

#include "loader/libpython.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_MINOR 9

/* A data pointer as a function pointer: dlsym's own convention, which ISO C
 * has no cast for. */
#define LOOK_UP(function_pointer, library, name) \
    (*(void **)&(function_pointer) = dlsym((library), (name)))

int
lp_python_is_running(void)
{
    int (*is_initialized)(void);
    LOOK_UP(is_initialized, RTLD_DEFAULT, "Py_IsInitialized");
    return is_initialized != NULL && is_initialized();
}

int
lp_check_version(void *library, const char *wanted, char *message, size_t size)
{
    const char *(*get_version)(void);
    const char *version;
    int major = 0;
    int minor = 0;
    char found[32];
    int length;

    LOOK_UP(get_version, library, "Py_GetVersion");
    if (get_version == NULL) {
        snprintf(message, size,
                 "it is no Python library (it has no "
                 "Py_GetVersion)");
        return 0;
    }
    version = get_version();
    length = (int)strcspn(version, " ");
    if (dlsym(library, "PyPy_IsInitialized") != NULL ||
        dlsym(library, "PyPyUnicode_FromString") != NULL) {
        snprintf(message, size, "it is PyPy; lua-py needs CPython");
        return 0;
    }
    if (sscanf(version, "%d.%d", &major, &minor) != 2 || major != 3 ||
        minor < OLDEST_MINOR) {
        snprintf(message, size,
                 "it is Python %.*s; lua-py needs CPython "
                 "3.%d or newer",
                 length, version, OLDEST_MINOR);
        return 0;
    }
    if (strstr(version, "free-threading") != NULL) {
        snprintf(message, size,
                 "it is a free-threaded build of Python %.*s; "
                 "lua-py needs a build with the GIL",
                 length, version);
        return 0;
    }
    snprintf(found, sizeof found, "%d.%d", major, minor);
    if (wanted != NULL && strcmp(found, wanted) != 0) {
        snprintf(message, size,
                 "it is Python %.*s, but the interpreter is "
                 "Python %s",
                 length, version, wanted);
        return 0;
    }
    return 1;
}

int
lp_check_no_other_library(const char *path, char *message, size_t size)
{
    void *symbol = dlsym(RTLD_DEFAULT, "Py_IsInitialized");
    Dl_info info;
    char *ours;
    char *theirs;
    int same;

    if (symbol == NULL || dladdr(symbol, &info) == 0 || info.dli_fname == NULL)
        return 1;
    ours = realpath(path, NULL);
    theirs = realpath(info.dli_fname, NULL);
    same = ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0;
    if (!same)
        snprintf(message, size,
                 "another Python library is already in this "
                 "process: %s",
                 theirs != NULL ? theirs : info.dli_fname);
    free(ours);
    free(theirs);
    return same;
}

int
lp_resolve_functions(void *library, struct lp_libpython *py, char *message,
                     size_t size)
{
#define RESOLVE(result, name, parameters)                     \
    if (LOOK_UP(py->name, library, #name) == NULL) {          \
        snprintf(message, size, "it has no function " #name); \
        return 0;                                             \
    }
    PYTHON_FUNCTIONS(RESOLVE)
#undef RESOLVE
    return 1;
}
