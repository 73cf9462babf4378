# SPDX-License-Identifier: MIT
"""One Lua function mapped over partitions by worker processes.

    python examples/service/workers.py [multiprocessing | dask | pyspark]

The function travels by its source: see pyhelper.LuaSource.
"""

import sys
from pathlib import Path

import pyhelper

TEXTS = ["a good day", "an awful, slow train", "fine", "great food, bad coffee"] * 5
scores = pyhelper.LuaSource(Path(__file__).with_name("model.lua")).scores


def partitions(items, size):
    return [items[i : i + size] for i in range(0, len(items), size)]


def joined(parts):
    return [item for part in parts for item in part]


def with_multiprocessing():
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return joined(pool.map(scores, partitions(TEXTS, 5)))


def with_dask():
    from dask.distributed import Client, LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        return joined(client.gather(client.map(scores, partitions(TEXTS, 5))))


def with_pyspark():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.getOrCreate()
    try:
        parts = spark.sparkContext.parallelize(TEXTS, 4)
        return parts.mapPartitions(lambda texts: scores(list(texts))).collect()
    finally:
        spark.stop()


WAYS = {"multiprocessing": with_multiprocessing, "dask": with_dask, "pyspark": with_pyspark}

if __name__ == "__main__":
    way = sys.argv[1] if len(sys.argv) > 1 else "multiprocessing"
    result = WAYS[way]()
    print(way, len(result), [round(score, 1) for score in result[:4]])
