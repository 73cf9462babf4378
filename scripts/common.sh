# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced by the set-up scripts; the working directory is the repository root.
set -euo pipefail

say() { printf 'lua-py: %s\n' "$*"; }

die() {
    printf 'lua-py: %s\n' "$@" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# What an outer shell has set for its own Python or Lua must not leak into ours.
clean_environment() {
    unset LUAPY_PYTHON VIRTUAL_ENV CONDA_PREFIX PYTHONHOME PYTHONPATH LUA_INIT
}

# probe_python <executable>: the fields of probe_python.py, or nothing.
probe_python() { "$1" -I scripts/probe_python.py 2>/dev/null || true; }
