#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# build_rock.sh <5.1|5.2|5.3|5.4>: builds and installs the rock into .tree/
. scripts/common.sh
clean_environment
abi=$1

# LuaRocks always builds in build.luarocks; as a link to one folder per ABI it
# keeps CMake's incremental builds. Two builds at a time would fight for the link.
mkdir -p "build/rock-$abi"
exec 9>build/lock
flock 9
rm -rf build.luarocks
ln -s "build/rock-$abi" build.luarocks

LUAPY_PYTHON=$(cat build/stamps/python)
export LUAPY_PYTHON
export CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-$(nproc)}

say "building for Lua $abi"
log=build/rock-$abi.log
if ! luarocks --lua-version "$abi" --tree .tree \
    make rockspec/lua-py-scm-1.rockspec >"$log" 2>&1; then
    cat "$log" >&2
    die "the build for Lua $abi failed (log: $log)"
fi
grep -A 6 'warning:' "$log" >&2 || true
