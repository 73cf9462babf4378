#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# build_sanitized.sh <abi>: builds with ASan, UBSan and -Werror into .tree-asan/
. scripts/common.sh
clean_environment
abi=$1
build=build/sanitized-$abi

LUAPY_PYTHON=$(cat build/stamps/python)
export LUAPY_PYTHON

say "building for Lua $abi with sanitizers"
cmake -S . -B "$build" \
    -DLUAPY_SANITIZE='address;undefined' -DLUAPY_WERROR=ON \
    -DLUA_INCDIR="$(luarocks --lua-version "$abi" config variables.LUA_INCDIR)" \
    -DLIBDIR="$PWD/.tree-asan/lib/lua/$abi" \
    -DLUADIR="$PWD/.tree-asan/share/lua/$abi" >"$build.log" 2>&1 &&
    cmake --build "$build" --parallel "${JOBS:-$(nproc)}" \
        --target install >>"$build.log" 2>&1 || {
    cat "$build.log" >&2
    die "the build for Lua $abi failed (log: $build.log)"
}
