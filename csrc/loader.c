/* SPDX-License-Identifier: MIT
 *
 * py.loader: opens the libpython that py.interpreter chose and starts it.
 *
 * There is no Python.h here: the library is known at run time only, so its
 * functions are looked up by name. libpython is opened RTLD_GLOBAL, because
 * Python's own extension modules and py.core resolve their symbols from the
 * process.
 *
 * The functions of this module raise no Lua error (except when Lua is out of
 * memory). They return nil and a message instead.
 */
#if !defined(_GNU_SOURCE)
#    define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */
#endif

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>

#include "base/lua_api.h"

#define OLDEST_MINOR 9

__attribute__((visibility("default"))) int
luaopen_py_loader(lua_State *L);

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
struct python {
    PYTHON_FUNCTIONS(AS_FIELD)
};

/* Several Lua states in several threads may ask for Python at once. */
static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static int started_here = 0;

/* ---- the Python in this process ---------------------------------------- */

/* A data pointer as a function pointer: dlsym's own convention, which ISO C
 * has no cast for. */
#define LOOK_UP(function_pointer, library, name) \
    (*(void **)&(function_pointer) = dlsym((library), (name)))

static int
python_is_running(void)
{
    int (*is_initialized)(void);
    LOOK_UP(is_initialized, RTLD_DEFAULT, "Py_IsInitialized");
    return is_initialized != NULL && is_initialized();
}

/* Can lua-py work with the Python behind `library`? Looks only at functions
 * that work before Python has started. `wanted` is "3.11" or NULL.
 * Fills `message` when the answer is no. */
static int
check_version(void *library, const char *wanted, char *message, size_t size)
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

/* A libpython that something else opened but did not start would win every
 * symbol lookup over the chosen one: two Pythons in a process crash. */
static int
check_no_other_library(const char *path, char *message, size_t size)
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

static int
resolve_functions(void *library, struct python *py, char *message, size_t size)
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

/* ---- starting ---------------------------------------------------------- */

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

struct start_options {
    const char *library;
    const char *program;
    const char *home;
    const char *version;
    const char *path0;
    int utf8;          /* -1: by locale and environment */
    const char **argv; /* NULL-terminated */
    int argc;
};

/* The program name and the home are kept for ever: some versions of Python
 * store the pointer. */
static int
set_program(const struct python *py, const struct start_options *options)
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
set_arguments(const struct python *py, const struct start_options *options)
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

/* Called with start_mutex held and no Python running. */
static int
start_python(const struct start_options *options, char *message, size_t size)
{
    struct python py;
    void *library;
    int *utf8_mode;
    int utf8;

    if (!check_no_other_library(options->library, message, size))
        return 0;
    library = dlopen(options->library, RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL) {
        snprintf(message, size, "%s", dlerror());
        return 0;
    }
    if (!check_version(library, options->version, message, size) ||
        !resolve_functions(library, &py, message, size)) {
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
    started_here = 1;
    ignore_if_default(SIGPIPE);
#if defined(SIGXFSZ)
    ignore_if_default(SIGXFSZ);
#endif
    set_arguments(&py, options);
    py.PyEval_SaveThread();
    return 1;
}

/* ---- Lua: start, started ----------------------------------------------- */

/* [-0, +1, m] A string field of the table at `index`, or NULL. The value
 * stays on the stack, so the string stays valid. */
static const char *
string_field(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, index);
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* [-0, +2, m] */
static int
push_failure(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* [-0, +2, m] Reads the field argv into a block that the stack keeps. */
static void
read_argv(lua_State *L, int index, struct start_options *options)
{
    int argc = 0;
    int i;

    lua_pushstring(L, "argv");
    lua_rawget(L, index);
    if (lua_istable(L, -1))
        for (;; argc++) {
            lua_rawgeti(L, -1, argc + 1);
            i = lua_type(L, -1) == LUA_TSTRING;
            lua_pop(L, 1);
            if (!i)
                break;
        }
    options->argc = argc;
    options->argv = lua_newuserdata(L, sizeof(char *) * ((size_t)argc + 1));
    for (i = 0; i < argc; i++) {
        lua_rawgeti(L, -2, i + 1);
        options->argv[i] = lua_tostring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    options->argv[argc] = NULL;
}

/* start{library=, program=, home=, version="3.11", utf8=, argv=, path0=}
 * → "started" | "already" | nil, message */
static int
loader_start(lua_State *L)
{
    struct start_options options;
    char message[1024] = "";
    const char *outcome = NULL;

    memset(&options, 0, sizeof options);
    lua_settop(L, 1);
    if (!lua_istable(L, 1))
        return push_failure(L, "py.loader.start needs a table");
    options.library = string_field(L, 1, "library");
    options.program = string_field(L, 1, "program");
    options.home = string_field(L, 1, "home");
    options.version = string_field(L, 1, "version");
    options.path0 = string_field(L, 1, "path0");
    read_argv(L, 1, &options);
    lua_pushstring(L, "utf8");
    lua_rawget(L, 1);
    options.utf8 = lua_isnil(L, -1) ? -1 : lua_toboolean(L, -1);

    pthread_mutex_lock(&start_mutex);
    if (python_is_running()) {
        if (check_version(RTLD_DEFAULT, NULL, message, sizeof message))
            outcome = "already";
    } else if (started_here)
        snprintf(message, sizeof message,
                 "Python was shut down in this "
                 "process and cannot start again");
    else if (options.library == NULL || options.program == NULL)
        snprintf(message, sizeof message,
                 "py.loader.start needs the fields "
                 "'library' and 'program'");
    else if (start_python(&options, message, sizeof message))
        outcome = "started";
    pthread_mutex_unlock(&start_mutex);

    if (outcome == NULL)
        return push_failure(L, message);
    lua_pushstring(L, outcome);
    return 1;
}

/* started() → "embedded": started by this module; "host": it was there
 * before; nil: no Python runs in this process */
static int
loader_started(lua_State *L)
{
    if (!python_is_running())
        lua_pushnil(L);
    else
        lua_pushstring(L, started_here ? "embedded" : "host");
    return 1;
}

/* ---- Lua: what Lua's io library cannot tell about files ---------------- */

static const char *
path_argument(lua_State *L)
{
    return lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
}

/* realpath(path) → path without links | nil, message */
static int
loader_realpath(lua_State *L)
{
    char buffer[PATH_MAX];

    if (realpath(path_argument(L), buffer) == NULL)
        return push_failure(L, strerror(errno));
    lua_pushstring(L, buffer);
    return 1;
}

/* kind(path) → "file" | "directory" | "other" | nil. Follows links. */
static int
loader_kind(lua_State *L)
{
    struct stat status;

    if (stat(path_argument(L), &status) != 0)
        lua_pushnil(L);
    else
        lua_pushstring(L, S_ISREG(status.st_mode)   ? "file"
                          : S_ISDIR(status.st_mode) ? "directory"
                                                    : "other");
    return 1;
}

/* is_executable(path) → boolean: a file that this user may run */
static int
loader_is_executable(lua_State *L)
{
    struct stat status;
    const char *path = path_argument(L);

    lua_pushboolean(L, stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                           access(path, X_OK) == 0);
    return 1;
}

/* getcwd() → path | nil, message */
static int
loader_getcwd(lua_State *L)
{
    char buffer[PATH_MAX];

    if (getcwd(buffer, sizeof buffer) == NULL)
        return push_failure(L, strerror(errno));
    lua_pushstring(L, buffer);
    return 1;
}

/* listdir(path) → names, unsorted | nil, message */
static int
loader_listdir(lua_State *L)
{
    DIR *folder;
    struct dirent *entry;
    int count = 0;

    lua_newtable(L);
    folder = opendir(path_argument(L));
    if (folder == NULL)
        return push_failure(L, strerror(errno));
    while ((entry = readdir(folder)) != NULL) {
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(folder);
    return 1;
}

/* system_library_folder() → where the C library of this process lies, such as
 * "/usr/lib/x86_64-linux-gnu" | nil. It names the system's library folder for
 * the right architecture without a table of them. */
static int
loader_system_library_folder(lua_State *L)
{
    void *symbol = dlsym(RTLD_DEFAULT, "sysconf");
    Dl_info info;
    char buffer[PATH_MAX];
    char *slash = NULL;

    if (symbol != NULL && dladdr(symbol, &info) != 0 &&
        info.dli_fname != NULL && realpath(info.dli_fname, buffer) != NULL)
        slash = strrchr(buffer, '/');
    if (slash == NULL)
        return push_failure(L, "the C library was not found");
    lua_pushlstring(L, buffer, (size_t)(slash - buffer));
    return 1;
}

/* ---- the module -------------------------------------------------------- */

static const luaL_Reg functions[] = {
    {"getcwd",                loader_getcwd               },
    {"is_executable",         loader_is_executable        },
    {"kind",                  loader_kind                 },
    {"listdir",               loader_listdir              },
    {"realpath",              loader_realpath             },
    {"start",                 loader_start                },
    {"started",               loader_started              },
    {"system_library_folder", loader_system_library_folder},
    {NULL,                    NULL                        },
};

/* Lua unmaps C modules in lua_close, while Python lives until the process
 * ends: this file must stay. */
static void
pin_this_library(void)
{
    Dl_info info;

    if (dladdr((void *)functions, &info) != 0 && info.dli_fname != NULL)
        dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

LUALIB_API int
luaopen_py_loader(lua_State *L)
{
    const luaL_Reg *entry;

    pin_this_library();
    lua_newtable(L);
    for (entry = functions; entry->name != NULL; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    return 1;
}
