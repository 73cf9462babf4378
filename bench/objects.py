# SPDX-License-Identifier: MIT
"""What the rows of the benchmark work on; run in `__main__` by both hosts."""

import time
import timeit


class Thing:
    def __init__(self):
        self.attr = []

    def method(self):
        return self.attr


thing = Thing()
other = thing
result = []
three = 3
listed = [thing, thing]


def f(*args):
    return result


def take(value):
    return result


def bad():
    raise ValueError("bad")


numbers = [i / 2 for i in range(1, 1001)]
strings = [f"string number {i}" for i in range(1000)]
mapping = {f"key{i}": i for i in range(1000)}
text_1k = "x" * 1000
text_1m = "x" * 1000000


def time_python(statement, n):
    """CPU nanoseconds of n times a statement, in `__main__`."""
    timer = timeit.Timer(statement, timer=time.thread_time_ns, globals=globals())
    timer.timeit(1)
    return timer.timeit(n)
