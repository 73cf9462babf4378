# SPDX-License-Identifier: MIT
"""The benchmark: `make bench`.

Each pass starts one process per host, one after the other, and measures the
start of whole processes; within a process the candidates take turns. A figure
is the median over the rounds of a process, then over the passes; the spread is
the distance between the quartiles of all measurements, in percent of the
median. Bytes are measured once per pass. Writes build/bench/results.json, table.md
and chart.png.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

import chart
import goals

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(os.path.dirname(HERE), "build", "bench")
CANDIDATES = ("bridge", "floor", "native", "lupa", "pyhelper", "torch7", "pytorch")


def environment():
    env = dict(os.environ, LUAPY_PYTHON=sys.executable)  # all hosts run this one
    # Other threads' work would not be in the CPU time of the one that measures.
    env["OPENBLAS_NUM_THREADS"] = "1"
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # would make each start compile pyhelper
    return env


def hosts(rounds, row):
    """The command lines of one pass."""
    only = [row] if row else []
    lua = ["luajit", os.path.join(HERE, "lua_host.lua"), OUT]
    python = [sys.executable, os.path.join(HERE, "python_host.py")]
    for rows in ("rows", "tensors", "torch7"):
        yield [*lua, rows, str(rounds), *only]
    for who in ("lupa", "pyhelper"):
        yield [*python, who, str(rounds), *only]
    torch = os.environ.get("LUAPY_BENCH_TORCH") or sys.executable
    yield [torch, os.path.join(HERE, "pytorch_host.py"), str(rounds), *only]
    if not row or row.startswith("bytes"):
        yield ["luajit", os.path.join(HERE, "bytes.lua"), OUT]
        for who in ("lupa", "pyhelper"):
            yield [sys.executable, os.path.join(HERE, "bytes.py"), who]


def run_host(command):
    """Yield (row, candidate, ns), or (row, "skipped", reason)."""
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        if len(fields) == 3:
            row, who, value = fields
            yield row, who, value if who == "skipped" else float(value)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}")


def process_start(rounds):
    """CPU time of whole processes, theirs and the kernel's."""
    commands = {
        "bridge": ["luajit", "-e", "require 'py'.eval '1'"],
        "native": [sys.executable, "-c", "pass"],
    }
    for command in commands.values():
        subprocess.run(command, env=environment(), check=True)
    for _ in range(rounds):
        for who, command in commands.items():
            child = subprocess.Popen(command, env=environment())
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = status
            if status != 0:
                sys.exit(f"bench: {' '.join(command)} failed")
            yield "process start", who, (used.ru_utime + used.ru_stime) * 1e9


class Results:
    """Measurements by row and candidate, one list per pass."""

    def __init__(self):
        self.samples = {}
        self.skipped = {}

    def add_pass(self, measurements):
        this_pass = {}
        for row, who, value in measurements:
            if who == "skipped":
                self.skipped[row] = value
            else:
                this_pass.setdefault((row, who), []).append(value)
        for (row, who), values in this_pass.items():
            self.samples.setdefault(row, {}).setdefault(who, []).append(values)

    def summary(self):
        rows = {}
        for row, candidates in self.samples.items():
            rows[row] = {}
            for who, passes in candidates.items():
                medians = [statistics.median(values) for values in passes]
                every = sorted(value for values in passes for value in values)
                quarter = len(every) // 4
                middle = statistics.median(medians)
                rows[row][who] = {
                    "ns": middle,
                    "spread": (every[-1 - quarter] - every[quarter]) / middle,
                    "passes": medians,
                }
        return {"rows": rows, "skipped": self.skipped}


def table(summary):
    """The results as Markdown."""
    lines = [
        "| ns per operation, or bytes | " + " | ".join(CANDIDATES) + " |",
        "|---|" + "---:|" * len(CANDIDATES),
    ]
    for row, candidates in summary["rows"].items():
        cells = []
        for who in CANDIDATES:
            figure = candidates.get(who)
            cells.append(f"{figure['ns']:,.1f} ±{figure['spread'] / 2:.0%}" if figure else "")
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Measure lua-py beside its floor and others.")
    parser.add_argument("--passes", type=int, default=5, help="processes per host (5)")
    parser.add_argument("--rounds", type=int, default=7, help="measurements per process (7)")
    parser.add_argument("--row", help="only this row")
    parser.add_argument("--check", action="store_true", help="fail if a goal is not met")
    options = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    results = Results()
    for _ in range(options.passes):
        for command in hosts(options.rounds, options.row):
            results.add_pass(run_host(command))
        if not options.row or options.row == "process start":
            results.add_pass(process_start(options.rounds))
    summary = results.summary()
    with open(os.path.join(OUT, "results.json"), "w") as file:
        json.dump(summary, file, indent=1)
    with open(os.path.join(OUT, "table.md"), "w") as file:
        file.write(table(summary))
    print(table(summary))
    for row, reason in summary["skipped"].items():
        print(f"skipped: {row}: {reason}")
    verdicts = goals.judge(summary)
    print(goals.report(verdicts))
    chart.draw(summary, os.path.join(OUT, "chart.png"))
    if options.check:
        sys.exit(goals.status(verdicts))


if __name__ == "__main__":
    main()
