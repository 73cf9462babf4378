/* SPDX-License-Identifier: MIT */
/* Views: conversion rules that functions and references remember. */
#ifndef LP_OPTIONS_H
#define LP_OPTIONS_H

#include "base/state.h"

/* [-0, +0, e] A new view of the state with the fields numbers, strings,
 * unknown of the table at `index` (0: the defaults); unknown fields and
 * values are errors that name them. */
struct lp_view *lp_view_new_or_jump(struct lp_state *S, lua_State *L,
                                    int index);

#endif
