"""A model server: `python serve.py model.joblib`, with nothing but the standard library and scikit-learn.

POST /predict {"mean_radius": 14.1, ...} -> {"p_malignant": 0.03, "version": "2"}
GET /healthz -> 200 once the model is loaded; GET /counts -> {"total": n, "bad": n} since the start.

Listens on 127.0.0.1:$PORT, or on a free port, and prints `ready <port>`. FAILURE_RATE (0 to 1) makes that share of the predictions
fail with 500: the demo's broken node. Ends when its standard input is closed, so that it never outlives who started it.
"""

import json
import os
import random
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import joblib
import numpy as np


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(200, {"version": self.server.version})
        elif self.path == "/counts":
            self.answer(200, {"total": self.server.total, "bad": self.server.bad})
        else:
            self.answer(404, {"error": "no such page"})

    def do_POST(self):
        try:
            row = json.loads(self.rfile.read(int(self.headers["content-length"])))
            features = np.array([[row[name] for name in self.server.model.columns]])
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": f"not a row of features: {error!r}"})
            return
        failed = random.random() < self.server.failure_rate
        with self.server.lock:
            self.server.total += 1
            self.server.bad += failed
        if failed:
            self.answer(500, {"error": "this node is broken"})
        else:
            probability = float(self.server.model.predict_proba(features)[0, 1])
            self.answer(200, {"p_malignant": probability, "version": self.server.version})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        """Hundreds of requests a second need no line each."""


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
    server.daemon_threads = True
    server.lock = threading.Lock()
    server.model = joblib.load(sys.argv[1])
    server.version = os.environ.get("VERSION", "")
    server.failure_rate = float(os.environ.get("FAILURE_RATE", "0"))
    server.total = server.bad = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready {server.server_port}", flush=True)
    sys.stdin.read()


main()
