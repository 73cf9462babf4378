# SPDX-License-Identifier: MIT
"""Instructions per operation, by callgrind: within 2 % the same each time.

make bench-count ROWS='call 0;ref.attr'      all rows of rows.lua without ROWS

Run it at two commits to compare them. A row runs N and 3 N times in processes
of their own; the difference is what 2 N operations take, without the start.
LuaJIT runs without its compiler, as valgrind knows no code made at run time.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(os.path.dirname(HERE), "build", "bench")
N = 2000


def instructions(who, row, n):
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}"]
        command += ["luajit", "-joff", os.path.join(HERE, "lua_host.lua"), OUT]
        command += ["rows", "count", who, row, str(n)]
        # A fixed seed: else the order of dicts changes the count.
        env = dict(os.environ, LUAPY_PYTHON=sys.executable, PYTHONHASHSEED="0")
        done = subprocess.run(command, env=env, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stderr}")
    return int(found[1])


def main():
    names = [name for name in os.environ.get("ROWS", "").split(";") if name]
    if not names:
        with open(os.path.join(HERE, "rows.lua")) as file:
            rows = re.findall(r"\{ name = (['\"])(.*?)\1, .*?\}", file.read(), re.S)
        names = [name for _, name in rows if not name.startswith(("table ", "iterate table"))]
    print(f"{'instructions per operation':28}{'bridge':>12}{'floor':>12}")
    for name in names:
        few = N // 200 if re.match("numbers|strings|dict|1 MB|iterate", name) else N
        counts = []
        for who in "bridge", "floor":
            first = instructions(who, name, few)
            counts.append((instructions(who, name, 3 * few) - first) / (2 * few))
        bridge, floor = counts
        print(f"{name:28}{bridge:12,.0f}{floor:12,.0f}{bridge / floor:8.2f}", flush=True)


if __name__ == "__main__":
    main()
