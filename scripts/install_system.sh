#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# install_system.sh demo|test|lint
#
# Finds out which system packages the goal lacks and installs those with apt.
# Leaves the path of the Python to use in build/stamps/python.
. scripts/common.sh
clean_environment
goal=$1

missing=()
need() { # need <package> <test…>: the package is missing unless the test passes
    local package=$1
    shift
    "$@" || missing+=("$package")
}

lua_header() {
    local folder
    for folder in /usr/include /usr/local/include; do
        [ ! -e "$folder/lua$1/lua.h" ] || return 0
    done
    return 1
}

c_headers() { echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; }

# shellcheck disable=SC2317 # called through need
shared_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }

need_tools() {
    need gcc have gcc
    need libc6-dev c_headers
    need cmake have cmake
    need luarocks have luarocks
    need luajit have luajit
    need lua5.1 have lua5.1
    need liblua5.1-0-dev lua_header 5.1
}

need_tests() {
    local version
    for version in 5.2 5.3 5.4; do
        need "lua$version" have "lua$version"
        need "liblua$version-dev" lua_header "$version"
    done
    need libluajit-5.1-2 shared_library libluajit-5.1.so.2
    need lua-busted have busted
}

# What Debian splits off its Python: the library, the headers, ensurepip.
need_parts_of_python() { # <version> <executable>
    local version fields
    fields=$(probe_python "$2")
    read -r version _ libpython headers _ <<<"${fields:-$1 no no no no}"
    need "libpython$version" test "$libpython" = yes
    need "libpython$version-dev" test "$headers" = yes
    need "python$version-venv" "$2" -I -c 'import ensurepip' 2>/dev/null
}

# Sets `python`: the one asked for with PYTHON=, else python3 on PATH if it can
# be embedded, else Debian's.
choose_python() {
    local asked=${PYTHON:-python3} fields version usable headers origin
    fields=$(probe_python "$asked")
    if [ -n "$fields" ]; then
        read -r version usable _ headers origin python <<<"$fields"
        if [ "$usable" = yes ] && [ "$origin" = system ]; then
            need_parts_of_python "$version" "$python"
            return
        elif [ "$usable" = yes ] && [ "$headers" = yes ]; then
            return
        fi
        [ "$usable" != yes ] || usable=no:without_its_headers
        usable=$(tr _ ' ' <<<"${usable#no:}")
        asked="$asked (Python $version, $python)"
    else
        usable="it does not start"
    fi
    [ -z "${PYTHON:-}" ] || die "PYTHON=$asked cannot be used: $usable."
    say "$asked is not used: $usable. Debian's python3.11 is."
    python=/usr/bin/python3.11
    need python3.11 test -x "$python"
    need_parts_of_python 3.11 "$python"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

may_install() {
    have apt-get || return 1
    [ "$(id -u)" != 0 ] || return 0
    have sudo || return 1
    # With a terminal sudo can ask for the password.
    [ -t 0 ] || sudo -n true 2>/dev/null
}

install_missing() {
    local options=(--yes --no-install-recommends -o DPkg::Lock::Timeout=300)
    local by_hand="apt-get install ${options[*]:0:2} ${missing[*]}"
    may_install || die "these system packages are missing: ${missing[*]}" \
        "I may not install them here. As root, run:" "    $by_hand"
    say "installing system packages with apt: ${missing[*]}"
    local log=build/apt.log
    as_root apt-get update >"$log" 2>&1 || say "apt-get update failed; trying without"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install "${options[@]}" "${missing[@]}" </dev/null >>"$log" 2>&1 || {
        cat "$log" >&2
        die "apt could not install them. By hand, as root:" "    $by_hand"
    }
}

need_tools
case $goal in
demo) ;;
test) need_tests ;;
lint) need lua-check have luacheck ;;
*) die "unknown goal: $goal" ;;
esac
choose_python
mkdir -p build/stamps
if [ ${#missing[@]} -gt 0 ]; then
    install_missing
fi

# Written only when it changes: the venv depends on it.
if [ "$(cat build/stamps/python 2>/dev/null)" != "$python" ]; then
    echo "$python" >build/stamps/python
fi
