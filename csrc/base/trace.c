/* SPDX-License-Identifier: MIT */
#include "base/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in luaL_traceback: the first and last levels of a deep stack. */
enum { FIRST_LEVELS = 12, LAST_LEVELS = 10 };
enum { MAX_NAME = 48 };

struct level {
    char source[LUA_IDSIZE];
    char name[MAX_NAME];     /* empty: unknown */
    char namewhat[12];
    char what;               /* first letter: Lua, C, main, tail */
    int line;                /* 0: unknown */
    int defined;
};

struct lp_trace {
    int n;
    int skipped; /* levels left out after FIRST_LEVELS */
    struct level levels[];
};

static void
copy(char *to, size_t size, const char *from)
{
    if (from == NULL) {
        from = "";
    }
    size_t n = strlen(from);
    if (n >= size) {
        n = size - 1;
    }
    memcpy(to, from, n);
    to[n] = '\0';
}

static int
count_levels(lua_State *L)
{
    lua_Debug ar;
    int low = 1, high = 1;
    while (lua_getstack(L, high, &ar)) {
        low = high;
        high *= 2;
    }
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(L, middle, &ar)) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return high;
}

struct lp_trace *
lp_trace_capture(lua_State *L, int level)
{
    lua_Debug ar;
    int last = count_levels(L); /* one past the outermost level */
    int depth = last - level;
    int n = depth > 0 ? depth : 0;
    int skipped = 0;
    if (n > FIRST_LEVELS + LAST_LEVELS) {
        skipped = n - FIRST_LEVELS - LAST_LEVELS;
        n = FIRST_LEVELS + LAST_LEVELS;
    }
    struct lp_trace *trace =
        malloc(sizeof *trace + (size_t)n * sizeof trace->levels[0]);
    if (trace == NULL) {
        return NULL;
    }
    trace->n = 0;
    trace->skipped = skipped;
    for (int i = 0; i < n; i++) {
        int at = level + i + (i >= FIRST_LEVELS ? skipped : 0);
        if (!lua_getstack(L, at, &ar) || !lua_getinfo(L, "Sln", &ar)) {
            break;
        }
        struct level *to = &trace->levels[trace->n++];
        copy(to->source, sizeof to->source, ar.short_src);
        copy(to->name, sizeof to->name, ar.name);
        copy(to->namewhat, sizeof to->namewhat, ar.namewhat);
        to->what = ar.what[0];
        to->line = ar.currentline;
        to->defined = ar.linedefined;
    }
    return trace;
}

void
lp_trace_free(struct lp_trace *trace)
{
    free(trace);
}

static int
write_level(char *to, size_t size, const struct level *level)
{
    char where[LUA_IDSIZE + 16];
    if (level->line > 0) {
        snprintf(where, sizeof where, "%s:%d:", level->source, level->line);
    }
    else {
        snprintf(where, sizeof where, "%s:", level->source);
    }
    if (level->name[0] != '\0') {
        const char *kind = level->namewhat[0] != '\0' ? level->namewhat
                                                      : "function";
        if (strcmp(kind, "global") == 0 || strcmp(kind, "field") == 0) {
            kind = "function";
        }
        return snprintf(to, size, "\n\t%s in %s '%s'", where, kind,
                        level->name);
    }
    if (level->what == 'm') {
        return snprintf(to, size, "\n\t%s in main chunk", where);
    }
    if (level->what == 'C' || level->what == 't') {
        return snprintf(to, size, "\n\t%s in ?", where);
    }
    return snprintf(to, size, "\n\t%s in function <%s:%d>", where,
                    level->source, level->defined);
}

char *
lp_trace_text(const struct lp_trace *trace)
{
    static const char title[] = "stack traceback:";
    size_t size = sizeof title + 32 +
                  (size_t)trace->n * (2 * LUA_IDSIZE + MAX_NAME + 64);
    char *text = malloc(size);
    if (text == NULL) {
        return NULL;
    }
    size_t used = (size_t)snprintf(text, size, "%s", title);
    for (int i = 0; i < trace->n; i++) {
        if (i == FIRST_LEVELS && trace->skipped > 0) {
            used += (size_t)snprintf(text + used, size - used,
                                     "\n\t...\t(skipping %d levels)",
                                     trace->skipped);
        }
        used += (size_t)write_level(text + used, size - used,
                                    &trace->levels[i]);
    }
    return text;
}
