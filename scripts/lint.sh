#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every check that needs no test to run. Goes through all of them, and fails at
# the end if one did.
. scripts/common.sh
clean_environment
bin=.venv/bin
failed=()

check() { # check <name> <command…>
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

warnings_are_errors() {
    LUAPY_PYTHON=$(cat build/stamps/python) cmake -S . -B build/lint -DLUAPY_WERROR=ON \
        -DLUA_INCDIR="$(luarocks --lua-version 5.4 config variables.LUA_INCDIR)" >build/lint.log &&
        cmake --build build/lint --parallel "$(nproc)" >>build/lint.log 2>&1 || {
        cat build/lint.log
        return 1
    }
}

# The stubs against the core that was built for the warnings.
stubs_tell_the_truth() {
    mkdir -p build/lint/lib/py
    ln -sf ../../core.so build/lint/lib/py/core.so
    LUAPY_LUA=5.4 LUA_CPATH_5_4="$PWD/build/lint/lib/?.so" LUA_PATH_5_4="$PWD/lua/?.lua" \
        PYTHONPATH=python "$bin/stubtest" pyhelper --concise --mypy-config-file mypy.ini \
        --allowlist scripts/stubtest_allowed.txt
}

# An absolute path of somebody's home in the tree works for nobody else.
no_home_paths() {
    ! git grep -nE '(/home|/Users)/[a-z]+/|/root/' -- . ':!scripts/lint.sh'
}

check layers "$bin/python" scripts/check_layers.py
check 'C warnings' warnings_are_errors
check luacheck luacheck --quiet --no-color lua spec examples rockspec/*.rockspec
check ruff "$bin/ruff" check --quiet .
if [ -n "$(find python -name '*.py' -print -quit)" ]; then
    check mypy "$bin/mypy" --no-error-summary python/pyhelper
    check stubs stubs_tell_the_truth
fi
check 'home paths' no_home_paths

if [ ${#failed[@]} -gt 0 ]; then
    die "failed: $(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
fi
say 'lint: all in order'
