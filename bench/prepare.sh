#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes build/bench/venv, with the Python of .venv, and build/bench/floor.so.
. scripts/common.sh
clean_environment
venv=build/bench/venv
mkdir -p build/bench

if ! cmp -s requirements-bench.txt "$venv/installed.txt"; then
    say "making $venv"
    .venv/bin/python -I -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --no-input --prefer-binary \
        --disable-pip-version-check -r requirements-bench.txt
    cp requirements-bench.txt "$venv/installed.txt"
fi

# nodelete: Python, which outlives Lua's modules, still calls the floor's objects.
"${CC:-cc}" -O2 -fPIC -shared -Wall -Wextra -Wl,-z,nodelete \
    -I"$(luarocks --lua-version 5.1 config variables.LUA_INCDIR)" \
    -I"$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')" \
    bench/floor.c -o build/bench/floor.so
