# SPDX-License-Identifier: MIT
"""An HTTP service (Flask, waitress) that answers from a Lua model.

    python examples/service/http_service.py [port]
    curl 'http://127.0.0.1:8000/classify?text=a+good+day'

Each worker thread of the server has a Lua of its own: LuaSource makes it at
the thread's first call.  The GIL is free while Lua computes.
"""

import sys
from pathlib import Path

import pyhelper
import waitress
from flask import Flask, jsonify, request

model = pyhelper.LuaSource(Path(__file__).with_name("model.lua"))
app = Flask(__name__)


@app.get("/classify")
def classify():
    text = request.args.get("text", "")
    try:
        return jsonify(model.classify(text))
    except pyhelper.LuaError as error:
        return jsonify(error=str(error)), 500


@app.post("/scores")
def scores():
    texts = request.get_json()
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        return jsonify(error="a list of strings is expected"), 400
    return jsonify(model.scores(texts))


def main(port=8000, threads=4):
    server = waitress.create_server(app, host="127.0.0.1", port=port, threads=threads)
    print(f"http://127.0.0.1:{server.effective_port}/", flush=True)
    server.run()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
