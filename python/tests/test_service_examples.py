# SPDX-License-Identifier: MIT
"""The examples of Lua in services and worker processes."""

import os
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "service"


def test_http_service():
    pytest.importorskip("flask")
    app = runpy.run_path(str(EXAMPLES / "http_service.py"))["app"]

    def ask(i):
        word = ("good", "bad")[i % 2]
        return app.test_client().get(f"/classify?text={word}").get_json()["label"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(200))) == ["positive", "negative"] * 100
    client = app.test_client()
    scores = client.post("/scores", json=["good", "none"]).get_json()
    assert scores == pytest.approx([1.6, 0.1])
    assert client.post("/scores", json={"a": 1}).status_code == 400


@pytest.mark.parametrize("way", ["multiprocessing", "dask", "pyspark"])
def test_workers(way):
    if way == "dask":
        pytest.importorskip("dask.distributed")
    if way == "pyspark":
        pytest.importorskip("pyspark")
        if shutil.which("java") is None:
            pytest.skip("PySpark needs Java")
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / "workers.py"), way],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{way} 20 [1.6, -2.4, 0.6, 0.6]\n"
