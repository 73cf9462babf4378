# SPDX-License-Identifier: MIT
"""Compares results with the recorded goals (goals.json).

Each goal there has a title, rows, and what must hold for each of the rows:
`of` is the candidate that is judged, and either `against` another one its
ratio is `at_most` or `at_least`, or it takes `at_most_ns` (over `minus`,
if that is named).
"""

import json
import os

GOALS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "goals.json")


class Verdict:
    """One goal for one row; `met` is None where something is not measured."""

    def __init__(self, goal, row, candidates):
        self.title = goal["goal"]
        self.row = row
        self.met = self.figure = None
        of, other = goal["of"], goal.get("against") or goal.get("minus")
        self.terms = of
        self.unit = " ns" if "at_most_ns" in goal else ""
        self.limit = goal.get("at_most_ns", goal.get("at_most", goal.get("at_least")))
        self.sign = ">=" if "at_least" in goal else "<="
        if other:
            self.terms += (" / " if "against" in goal else " - ") + other
        if of not in candidates or (other and other not in candidates):
            return
        self.figure = candidates[of]["ns"]
        if "against" in goal:
            self.figure /= candidates[other]["ns"]
        elif other:
            self.figure -= candidates[other]["ns"]
        if "at_least" in goal:
            self.met = self.figure >= self.limit
        else:
            self.met = self.figure <= self.limit

    def __str__(self):
        word = {True: "met", False: "NOT MET", None: "not measured"}[self.met]
        figure = "" if self.figure is None else f"{self.figure:,.2f}"
        limit = f"{self.sign} {self.limit:g}{self.unit}"
        return f"{word:13}{self.row:32}{self.terms:16}{figure:>10}  {limit}"


def judge(summary):
    with open(GOALS) as file:
        goals = json.load(file)
    rows = summary["rows"]
    return [Verdict(goal, row, rows.get(row, {})) for goal in goals for row in goal["rows"]]


def report(verdicts):
    lines = [str(verdict) for verdict in verdicts]
    for word, met in ("met", True), ("not met", False), ("not measured", None):
        lines.append(f"{word}: {sum(verdict.met is met for verdict in verdicts)}")
    return "\n".join(lines)


def status(verdicts):
    return int(any(verdict.met is False for verdict in verdicts))
