/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT, RTLD_NODELETE */
#endif
#include "base/dynlib.h"

#include <dlfcn.h>
#include <stddef.h>

void *
lp_dynlib_symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

void *
lp_dynlib_library_of(const void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        return NULL;
    }
    return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
}

void *
lp_dynlib_symbol_in(void *library, const char *name)
{
    return library != NULL ? dlsym(library, name) : NULL;
}

const char *
lp_dynlib_file(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

int
lp_dynlib_pin(const void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        return -1;
    }
    return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE)
               ? 0
               : -1;
}
