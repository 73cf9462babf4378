#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# install_python.sh main    .venv with the packages of requirements.txt
# install_python.sh lint    .venv gets the tools of requirements-dev.txt too
# install_python.sh services, install_python.sh spark
#                           .venv gets what examples/service needs
# install_python.sh matrix  .venvs/<version> for every other CPython found here;
#                           and .venvs/numpy-oldest, .venvs/numpy-newest for
#                           .venv's own; lists them in build/matrix for
#                           run_tests.py
. scripts/common.sh
clean_environment

# make_venv <folder> <python>: nothing to do if it is there, works, and is of
# the same interpreter.
make_venv() {
    local folder=$1 python=$2 base
    base=$("$python" -I -c 'import sys; print(sys.base_prefix, sys.version)')
    if [ -e "$folder" ]; then
        local identity='import sys; print(sys.base_prefix, sys.version)'
        if [ "$("$folder/bin/python" -I -c "$identity" 2>/dev/null)" = "$base" ]; then
            return
        fi
        say "$folder is of another Python: making it anew"
        rm -rf "$folder"
    fi
    say "making $folder with $python"
    "$python" -I -m venv "$folder" || die "could not make $folder. By hand:" \
        "    $python -m venv $folder"
}

names_of() { sed -n 's/^\([A-Za-z][A-Za-z0-9_-]*\)==.*/\1/p' "$1" | uniq | xargs; }

# install <folder> <requirements>
install() {
    local command=("$1/bin/python" -m pip install --prefer-binary -r "$2")
    say "installing into $1: $(names_of "$2")"
    "${command[@]}" --quiet --no-input --disable-pip-version-check </dev/null || {
        say "pip could not install them. By hand: ${command[*]}" >&2
        return 1
    }
}

every_python() {
    local minor folder
    for minor in 9 10 11 12 13; do
        command -v "python3.$minor" || true
        for folder in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin \
            "${XDG_DATA_HOME:-$HOME/.local/share}/uv/python/cpython-3.$minor".*/bin; do
            [ ! -x "$folder/python3" ] || echo "$folder/python3"
        done
    done
}

# matrix_venv <name> <python> <requirements>: makes .venvs/<name> ready.
matrix_venv() {
    local folder=.venvs/$1 requirements=$3
    make_venv "$folder" "$2"
    cmp -s "$requirements" "$folder/installed.txt" && return
    install "$folder" "$requirements" && cp "$requirements" "$folder/installed.txt"
}

matrix() {
    local main candidate version usable libpython executable
    read -r main _ <<<"$(probe_python .venv/bin/python)"
    declare -A state=()
    while read -r candidate; do
        read -r version usable libpython _ _ executable <<<"$(probe_python "$candidate")"
        case "${version:-none}" in "$main" | none) continue ;; esac
        [ "${state[$version]:-}" != ready ] || continue
        [ "$libpython" = yes ] || usable="no:$executable has no shared libpython"
        if [ "$usable" != yes ]; then
            state[$version]=${usable#no:}
        elif matrix_venv "$version" "$executable" requirements-matrix.txt; then
            state[$version]=ready
        else
            state[$version]="its packages could not be installed"
        fi
    done < <(every_python)
    for version in 3.9 3.10 3.11 3.12 3.13; do
        [ "$version" = "$main" ] || echo "$version ${state[$version]:-not found}"
    done >build/matrix
    local state_of
    for version in numpy-oldest numpy-newest; do
        state_of="its packages could not be installed"
        if matrix_venv "$version" "$(cat build/stamps/python)" "requirements-$version.txt"; then
            state_of=ready
        fi
        echo "$version $state_of" >>build/matrix
    done
}

case $1 in
main)
    make_venv .venv "$(cat build/stamps/python)"
    install .venv requirements.txt
    ;;
lint) install .venv requirements-dev.txt ;;
services | spark) install .venv "requirements-$1.txt" ;;
matrix) matrix ;;
*) die "unknown goal: $1" ;;
esac
