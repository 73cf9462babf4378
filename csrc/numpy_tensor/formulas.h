/* SPDX-License-Identifier: MIT */
/* Elementwise mathematics: what is computed by which loops. */
#ifndef LP_FORMULAS_H
#define LP_FORMULAS_H

#include "numpy_tensor/loops.h"

enum lp_operand { /* of a step */
    LP_NONE,
    LP_R,    /* the result */
    LP_A,    /* the tensors of the call, in order */
    LP_B,
    LP_C,
    LP_N,    /* its numbers, in order */
    LP_M,
    LP_T,    /* what one step leaves to the next */
    LP_ZERO, /* constants */
    LP_ONE,
    LP_MINUS_ONE,
    LP_N_OPERANDS
};

enum lp_result_rule { /* where the result goes */
    LP_GIVEN,    /* first argument, self of a method, or else a new tensor */
    LP_IN_PLACE, /* always the first argument */
    LP_NEW,      /* always a new tensor */
    LP_TRUTH     /* always a new ByteTensor */
};

enum { LP_MAX_STEPS = 4 };

struct lp_formula {
    const char *name, *form; /* t: tensor, n: number */
    int types;               /* bits: those that Torch7 has the function for */
    enum lp_result_rule rule;
    struct {
        int loop;
        enum lp_operand first, second, result;
    } step[LP_MAX_STEPS];
};

/* Forms of one name stand together; the name of the last is NULL. */
extern const struct lp_formula lp_formulas[];

#endif
