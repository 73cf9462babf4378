# SPDX-License-Identifier: MIT
"""Say on one line what the interpreter that runs this file can be used for.

Prints: version usable libpython headers origin executable

`usable` is "yes", or "no:" and the reason in words joined by underscores.
`libpython`, `headers` are "yes" or "no". `origin` is "system" for a Python
of the distribution, whose missing parts a package manager can add.
"""

import os
import sys
import sysconfig

OLDEST, NEWEST = (3, 9), (3, 13)


def has_libpython():
    name = sysconfig.get_config_var("INSTSONAME") or ""
    folder = sysconfig.get_config_var("LIBDIR") or ""
    return ".so" in name and os.path.exists(os.path.join(folder, name))


def usable(origin):
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return "no:only_3.9_to_3.13_are_tested"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "no:a_free-threaded_build"
    if not has_libpython() and origin != "system":
        return "no:built_without_a_shared_libpython"
    return "yes"


def main():
    origin = "system" if sys.base_prefix == "/usr" else "own"
    headers = os.path.join(sysconfig.get_path("include"), "Python.h")
    print(
        "%d.%d" % sys.version_info[:2],  # noqa: UP031 (old Pythons run this too)
        usable(origin),
        "yes" if has_libpython() else "no",
        "yes" if os.path.exists(headers) else "no",
        origin,
        sys.executable,
    )


main()
