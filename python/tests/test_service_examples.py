# SPDX-License-Identifier: MIT
"""The examples of Lua in services and worker processes."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pyhelper
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "service"


def needs(*modules):
    for module in modules:
        pytest.importorskip(module, reason=f"{module} is not installed (requirements-services.txt)")


def ask(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = Request(address + path, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.fixture
def service():
    """The address of the service, in a process of its own."""
    needs("flask", "waitress")
    command = [sys.executable, str(EXAMPLES / "http_service.py"), "0", "4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_http_service(service):
    def label(i):
        word = ("good", "bad")[i % 2]
        return ask(service, f"classify?text={word}")["label"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(label, range(200))) == ["positive", "negative"] * 100
    assert ask(service, "scores", ["good", "none"]) == pytest.approx([1.6, 0.1])
    with pytest.raises(HTTPError) as refused:
        ask(service, "scores", {"a": 1})
    with refused.value as response:
        assert response.code == 400


def test_one_lua_for_each_worker_thread(tmp_path):
    file = tmp_path / "where.lua"
    file.write_text("local here = tostring({}) return {where = function() return here end}")
    where = pyhelper.LuaSource(file).where
    together = threading.Barrier(4)

    def work(_):
        together.wait(30)  # so that each thread takes one
        return where(), where()

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(work, range(4)))
    assert all(first == second for first, second in states)
    assert len(set(states)) == 4


@pytest.mark.parametrize("way", ["multiprocessing", "dask", "pyspark"])
def test_workers(way):
    if way == "dask":
        needs("distributed")
    if way == "pyspark":
        if shutil.which("java") is None:
            pytest.skip("PySpark needs Java")
        pytest.importorskip("pyspark", reason="PySpark is not installed (make spark does so)")
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
