# SPDX-License-Identifier: MIT
"""Measures what PyTorch takes for an array that becomes a tensor, and back.

python bench/pytorch_host.py <rounds> [row]
  prints lines like python_host.py.  Its Python is the one that measures, or
  LUAPY_BENCH_TORCH: PyTorch is large, and bench/prepare.sh does not install it.
"""

import sys
import time
import timeit

RUNS = 20_000
ROWS = {
    "ndarray to tensor": "from_numpy(small_array)",
    "ndarray to tensor, 10^6": "from_numpy(large_array)",
    "tensor to ndarray": "small.numpy()",
    "tensor to ndarray, 10^6": "large.numpy()",
    "tensor to ndarray, 4 dimensions": "deep.numpy()",
}


def names():
    import numpy
    import torch

    small, large = numpy.arange(10.0), numpy.arange(1e6)
    return {
        "from_numpy": torch.from_numpy,
        "small_array": small,
        "large_array": large,
        "small": torch.from_numpy(small),
        "large": torch.from_numpy(large),
        "deep": torch.zeros(2, 3, 4, 5, dtype=torch.float64),
    }


def main(rounds, only=None):
    try:
        found = names()
    except ImportError as error:
        print(f"tensors of PyTorch\tskipped\t{error} (LUAPY_BENCH_TORCH: a Python that has it)")
        return
    for _ in range(rounds):
        for row, statement in ROWS.items():
            if only is None or row == only:
                timer = timeit.Timer(statement, timer=time.thread_time_ns, globals=found)
                timer.timeit(RUNS // 10)
                print(f"{row}\tpytorch\t{timer.timeit(RUNS) / RUNS:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
