#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds an sdist, a wheel from that sdist, installs the wheel in a venv of its
# own, and runs the tests of Lua in a Python host with it, away from this tree.
. scripts/common.sh
clean_environment
work=$PWD/build/wheel
copy=$work/copy
rm -rf "$work" && mkdir -p "$copy/python"

say 'building the sdist, and the wheel from it'
"$(cat build/stamps/python)" -I -m venv "$work/venv"
python=$work/venv/bin/python
"$python" -m pip install -q --disable-pip-version-check 'setuptools>=64' wheel pytest numpy
"$python" -c 'import sys; sys.path.insert(0, "packaging"); import backend
backend.build_sdist(sys.argv[1])' "$work/sdist" >"$work/sdist.log" 2>&1 || die "$(cat "$work/sdist.log")"
"$python" -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation \
    -w "$work/dist" "$work"/sdist/*.tar.gz

"$python" - "$work"/dist/*.whl <<'PY'
import sys, zipfile
names = set(zipfile.ZipFile(sys.argv[1]).namelist())
abis = {n.split("/")[2] for n in names if n.endswith("/py/core.so")}
needed = {"pyhelper/__init__.pyi", "pyhelper/py.typed", "pyhelper/_lua/share/py/init.lua",
          "pyhelper/_lua/share/fb/python.lua", "pyhelper/_lua/share/py/torch/init.lua"}
needed |= {f"pyhelper/_lua/{abi}/py/loader.so" for abi in abis}
if not abis or not needed <= names:
    sys.exit(f"the wheel has cores for {sorted(abis)} and lacks {sorted(needed - names)}")
print("the wheel has cores for Lua", *sorted(abis))
PY

"$python" -m pip install -q --disable-pip-version-check "$work"/dist/*.whl
cp -r python/tests "$copy/python/"
cp -r docs examples README.md "$copy/"
cd "$copy"
unset LUA_PATH LUA_CPATH LUA_PATH_5_{2,3,4} LUA_CPATH_5_{2,3,4}
for lua in luajit 5.4; do
    say "the tests with the wheel, $lua"
    LUAPY_LUA=$lua "$python" -m pytest -q -p no:cacheprovider python/tests/lua
done
