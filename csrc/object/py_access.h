/* SPDX-License-Identifier: MIT */
/* What `ref[key]` means in pyhelper's views: items where the object has
 * them, else attributes, and always past the attribute filter or handlers. */
#ifndef LP_PY_ACCESS_H
#define LP_PY_ACCESS_H

#include "handle/py_handle.h"

/* [GIL] Does lp_access_get take an item, not an attribute? */
int lp_access_is_item(PyObject *obj, enum lp_protocol protocol,
                      struct lp_view *view);
/* [GIL, no lock] obj[key] or obj.key */
LP_OWNED PyObject *lp_access_get(PyObject *obj, PyObject *key,
                                 enum lp_protocol protocol,
                                 struct lp_view *view);
/* [GIL, no lock] obj[key] = value or obj.key = value; 0 or -1. */
int lp_access_set(PyObject *obj, PyObject *key, PyObject *value,
                  enum lp_protocol protocol, struct lp_view *view);

#endif
