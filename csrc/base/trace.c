/* SPDX-License-Identifier: MIT */
#include "base/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in luaL_traceback: the first and last levels of a deep stack. */
enum { FIRST_LEVELS = 12, LAST_LEVELS = 10 };
enum { MAX_LEVELS = FIRST_LEVELS + LAST_LEVELS };
enum { MAX_NAME = 48 };

struct level {
    char source[LUA_IDSIZE];
    char name[MAX_NAME];  /* empty: unknown */
    const char *namewhat; /* one of Lua's literals */
    char what;            /* first letter: Lua, C, main, tail */
    int line;             /* 0: unknown */
    int defined;
};

struct lp_trace {
    int n;
    int skipped; /* levels left out after FIRST_LEVELS */
    struct level levels[];
};

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

/* 0: there is no such level. */
static int
read_level(lua_State *L, int at, struct level *to)
{
    lua_Debug ar;
    if (!lua_getstack(L, at, &ar) || !lua_getinfo(L, "Sln", &ar)) {
        return 0;
    }
    memcpy(to->source, ar.short_src, sizeof to->source);
    to->name[0] = '\0';
    if (ar.name != NULL) {
        size_t n = strnlen(ar.name, MAX_NAME - 1);
        memcpy(to->name, ar.name, n);
        to->name[n] = '\0';
    }
    to->namewhat = ar.namewhat;
    to->what = ar.what[0];
    to->line = ar.currentline;
    to->defined = ar.linedefined;
    return 1;
}

struct lp_trace *
lp_trace_capture(lua_State *L, int level)
{
    struct level levels[MAX_LEVELS];
    int n = 0, skipped = 0;
    while (n < MAX_LEVELS && read_level(L, level + n, &levels[n])) {
        n++;
    }
    if (n == MAX_LEVELS) {
        skipped = count_levels(L) - level - MAX_LEVELS;
        for (int i = skipped > 0 ? FIRST_LEVELS : MAX_LEVELS; i < n; i++) {
            read_level(L, level + skipped + i, &levels[i]);
        }
    }
    struct lp_trace *trace =
        malloc(sizeof *trace + (size_t)n * sizeof trace->levels[0]);
    if (trace != NULL) {
        trace->n = n;
        trace->skipped = skipped;
        memcpy(trace->levels, levels, (size_t)n * sizeof levels[0]);
    }
    return trace;
}

void
lp_trace_free(struct lp_trace *trace)
{
    free(trace);
}

int
lp_trace_is_of(const struct lp_trace *trace, lua_State *L, int level)
{
    struct lp_trace *now = lp_trace_capture(L, level);
    int same = now != NULL && now->n == trace->n &&
               now->skipped == trace->skipped;
    for (int i = 0; same && i < now->n; i++) {
        const struct level *a = &now->levels[i], *b = &trace->levels[i];
        same = a->what == b->what && a->line == b->line &&
               a->defined == b->defined && strcmp(a->source, b->source) == 0;
    }
    free(now);
    return same;
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
