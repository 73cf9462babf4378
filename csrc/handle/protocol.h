/* SPDX-License-Identifier: MIT */
/* pyhelper.as_attrgetter(obj), as_itemgetter(obj): a Python object that, when
 * it comes to Lua, is `obj` with this protocol for its fields. */
#ifndef LP_PROTOCOL_H
#define LP_PROTOCOL_H

#include "handle/py_handle.h"

/* [GIL] The object inside and its protocol, or `obj` itself. */
LP_BORROWED PyObject *lp_protocol_of(PyObject *obj,
                                     enum lp_protocol *protocol);

/* [GIL] Make one. */
LP_OWNED PyObject *lp_protocol_new(PyObject *obj, enum lp_protocol protocol);

/* [GIL] Register pyhelper._core.Protocol.  0 or -1. */
int lp_protocol_init_python(PyObject *module);

#endif
