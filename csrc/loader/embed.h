/* SPDX-License-Identifier: MIT */
/* Starting a Python that looks like `python script`. */
#ifndef LP_EMBED_H
#define LP_EMBED_H

#include <stddef.h>

struct lp_start_options {
    const char *library;
    const char *program;
    const char *home;
    const char *version;
    const char *path0;
    int utf8;          /* -1: by locale and environment */
    const char **argv; /* NULL-terminated */
    int argc;
};

/* Open the library and start Python; the GIL is free afterwards.  To be called
 * by one thread, with no Python running.  Returns 1, or 0 with a message. */
int lp_start_python(const struct lp_start_options *options, char *message,
                    size_t size);

#endif
