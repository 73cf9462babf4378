# SPDX-License-Identifier: MIT
"""Run pytest and the specs under every Lua and Python, and add it all up.

The last line is "N passed, N failed, N skipped". For one Lua or some files:

    .venv/bin/python scripts/run_tests.py --lua lua5.4 spec/exec_spec.lua

LUAPY_TORCH7=PREFIX runs the specs about arrays, and the tutorial of lutorpy, on
the Torch7 installed there, too.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from environment import CLEARED, ROOT, TREE, VENV, lua_variables, variables

LUAS = ("luajit", "lua5.1", "lua5.2", "lua5.3", "lua5.4")
SUITE_TIMEOUT = 900
# What the NumPy in use matters to.
ARRAY_SPECS = re.compile(r"(tensor|torch|to_lua|to_python|fbpython).*_spec\.lua$")
LUTORPY_TUTORIAL = "python/tests/lua/test_lutorpy_tutorial.py"
MATRIX = os.path.join(ROOT, "build", "matrix")


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def collect(command, env, timeout, live):
    """Run a command; return its output, shown as it comes if live, and the status."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, stop)
    timer.start()
    lines = []
    try:
        for line in process.stdout:
            if live:
                sys.stdout.write(line)
                sys.stdout.flush()
            lines.append(line)
        status = process.wait()
    finally:
        timer.cancel()
    if late.is_set():
        lines.append(f"stopped after {timeout} seconds\n")
    elif status < 0:
        lines.append(f"ended by {signal.Signals(-status).name}\n")
    if live and status < 0:
        print(lines[-1], end="")
    return "".join(lines), status


def busted_tally(output, status):
    """Read busted's summary; a run without one has died: one failure."""
    summaries = re.findall(
        r"^(\d+) success\w* / (\d+) failures? / (\d+) errors? / (\d+) pending", output, re.M
    )
    if not summaries:
        return Tally(failed=1)
    passed, failures, errors, pending = map(int, summaries[-1])
    failed = failures + errors
    # A crash at exit comes after a summary that says all is well.
    return Tally(passed, failed or int(status != 0), pending)


def pytest_tally(output, status):
    counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0, "xfailed": 0}
    summary = output.rstrip().rsplit("\n", 1)[-1]
    for number, word in re.findall(r"(\d+) (passed|failed|error|skipped|xfailed)", summary):
        counts[word] += int(number)
    failed = counts["failed"] + counts["error"]
    return Tally(
        counts["passed"], failed or int(status != 0), counts["skipped"] + counts["xfailed"]
    )


def clean_environment():
    cleared = (*CLEARED, "VIRTUAL_ENV", "PYTHONPATH", "LUA_INIT")
    return {k: v for k, v in os.environ.items() if k not in cleared}


def sanitizer_variables():
    """ASan has to be the first library of the process."""

    def library(name):
        command = ["gcc", "-print-file-name=" + name]
        return os.path.realpath(subprocess.check_output(command, text=True).strip())

    return {
        "LD_PRELOAD": library("libasan.so") + ":" + library("libubsan.so"),
        # Interpreters keep memory on purpose until the process ends, and some
        # specs measure how much: what waits in quarantine must not hide it.
        # Requests that no memory can meet are tested, too: they give NULL.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:quarantine_size_mb=4"
        ":allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:abort_on_error=1",
        # Python's own allocator would hide an access after free.
        "PYTHONMALLOC": "malloc",
    }


def torch7_variables(prefix, env):
    """LUA_PATH and LUA_CPATH with real Torch7 behind what is there."""
    lua = ("share/lua/5.1/?.lua", "share/lua/5.1/?/init.lua", "lua/?.lua", "lua/?/init.lua")
    lib = ("lib/lua/5.1/?.so", "lib/?.so", "lib/lib?.so")
    return {
        name: ";".join([env[name], *(os.path.join(prefix, entry) for entry in entries)])
        for name, entries in (("LUA_PATH", lua), ("LUA_CPATH", lib))
    }


def array_specs():
    folder = os.path.join(ROOT, "spec")
    return [os.path.join("spec", n) for n in sorted(os.listdir(folder)) if ARRAY_SPECS.match(n)]


def run_specs(lua, python, args, fast, files=(), torch7=None):
    env = clean_environment()
    env.update(lua_variables(args.tree, env))
    if torch7:
        env.update(torch7_variables(torch7, env))
    env["LUAPY_PYTHON"] = python
    if args.sanitized:
        env.update(sanitizer_variables())
    command = [lua, shutil.which("busted"), "--output=plainTerminal"]
    if fast:
        command.append("--exclude-tags=slow")
    output, status = collect([*command, *(files or args.specs)], env, SUITE_TIMEOUT, args.live)
    return busted_tally(output, status), output


def run_pytest(tests, lua, args, torch7=None):
    env = clean_environment()
    env.update(variables(env))
    if torch7:
        env.update(torch7_variables(torch7, env))
    env["LUAPY_LUA"] = lua
    command = [os.path.join(VENV, "bin", "python"), "-m", "pytest", "-q", "-rs", tests]
    output, status = collect(command, env, SUITE_TIMEOUT, args.live)
    return pytest_tally(output, status), output


def describe(python):
    code = "import sys, numpy; print(sys.version.split()[0], 'NumPy', numpy.__version__)"
    return subprocess.check_output([python, "-c", code], text=True, cwd="/").strip()


def matrix():
    """(version or NumPy, python or None, why not) of the other environments."""
    with open(MATRIX) as lines:
        for line in lines:
            version, state = line.strip().split(" ", 1)
            python = os.path.join(ROOT, ".venvs", version, "bin", "python")
            yield version, python if state == "ready" else None, state


def plan(args, notes):
    """Yield (title, function) for every suite to run."""
    main = args.python or os.path.join(VENV, "bin", "python")

    def specs(lua, python, fast=False, files=(), torch7=None):
        about = "specs about arrays" if files else "specs"
        title = f"{about}: {lua}, Python {describe(python)}" + (", real Torch7" if torch7 else "")
        return title, lambda: run_specs(lua, python, args, fast, files, torch7)

    if args.pytest:
        # One process can have one Lua only. The longest suite starts first.
        yield "pytest: python/tests", lambda: run_pytest("python/tests", "luajit", args)
        for lua in ("5.1", "5.2", "5.3", "5.4"):
            yield (
                f"pytest: python/tests/lua, Lua {lua}",
                lambda lua=lua: run_pytest("python/tests/lua", lua, args),
            )
    for lua in args.lua or LUAS:
        yield specs(lua, main)
    torch7 = os.environ.get("LUAPY_TORCH7")
    if torch7:
        yield specs(LUAS[0], main, files=array_specs(), torch7=torch7)
        yield (
            "pytest: lutorpy's tutorial, real Torch7",
            lambda: run_pytest(LUTORPY_TUTORIAL, LUAS[0], args, torch7),
        )
    elif args.matrix:
        notes.append("specs about arrays on real Torch7 (LUAPY_TORCH7=PREFIX runs them)")
    if args.matrix:
        full = bool(os.environ.get("FULL"))
        others = list(matrix())
        if not full and any(python for _, python, _ in others):
            notes.append("slow specs and other Luas with the other Pythons (FULL=1 runs them)")
        for name, python, why in others:
            arrays = name.startswith("numpy-")
            if python is None:
                notes.append(f"{name if arrays else 'Python ' + name}: {why}")
            elif arrays:
                yield specs(LUAS[0], python, fast=True, files=array_specs())
            else:
                for lua in LUAS if full else LUAS[:1]:
                    yield specs(lua, python, fast=not full)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("specs", nargs="*", help="spec files or folders; all by default")
    parser.add_argument("--lua", action="append", help="only this Lua (repeatable)")
    parser.add_argument("--python", help="the Python to embed, by default .venv's")
    # Absolute: some tests start their children elsewhere.
    parser.add_argument("--tree", default=TREE, type=os.path.abspath)
    parser.add_argument("--matrix", action="store_true", help="and every other Python")
    parser.add_argument("--pytest", action="store_true", help="and python/tests")
    parser.add_argument("--sanitized", action="store_true", help="the tree has ASan in it")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="suites at a time; 1 per CPU"
    )
    return parser.parse_args()


def run_suites(suites, args):
    """Run (title, function) pairs, some at a time; yield title, tally, seconds."""
    # With several at a time, each suite's output is shown when it is complete.
    args.live = len(suites) == 1 or args.jobs <= 1

    def timed(title, run):
        if args.live:
            print(f"\n== {title}", flush=True)
        start = time.monotonic()
        tally, output = run()
        return title, tally, time.monotonic() - start, output

    with ThreadPoolExecutor(1 if args.live else args.jobs) as pool:
        for done in as_completed([pool.submit(timed, *suite) for suite in suites]):
            title, tally, seconds, output = done.result()
            if not args.live:
                print(f"\n== {title}\n{output}", end="", flush=True)
            yield title, tally, seconds


def main():
    args = parse_arguments()
    notes, rows, total = [], {}, Tally()
    suites = list(plan(args, notes))
    for title, tally, seconds in run_suites(suites, args):
        total.add(tally)
        rows[title] = tally, seconds
    print("\n== summary")
    width = max((len(title) for title in rows), default=0)
    for title, _ in suites:
        tally, seconds = rows[title]
        print(f"{title:<{width}}  {tally}  ({seconds:.1f} s)")
    for note in notes:
        print(f"not run: {note}")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
