"""An MLflow registry in SQLite: `mlflow_registry.py prepare|measure|register|resolve <database> [count]`."""

import json
import logging
import sqlite3
import sys
import time

from mlflow.tracking import MlflowClient

logging.getLogger("mlflow").setLevel(logging.WARNING)
logging.getLogger("alembic").setLevel(logging.WARNING)


def client_of(path):
    uri = f"sqlite:///{path}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def prepare(path, count):
    """The first version by MLflow itself, the others as copies of its row, which is what its own would be."""
    client = client_of(path)
    client.create_registered_model("model")
    client.create_model_version("model", "file:///models/1")
    with sqlite3.connect(path) as database:
        columns = [column[1] for column in database.execute("pragma table_info(model_versions)")]
        first = dict(zip(columns, database.execute("select * from model_versions").fetchone()))
        rows = [
            tuple({**first, "version": version, "source": f"file:///models/{version}"}[column] for column in columns)
            for version in range(2, count + 1)
        ]
        database.executemany(f"insert into model_versions values ({', '.join('?' * len(columns))})", rows)
    client.set_registered_model_alias("model", "champion", str(count))


def resolve(client):
    started = time.perf_counter()
    version = client.get_model_version_by_alias("model", "champion")
    elapsed = time.perf_counter() - started
    assert version.aliases == ["champion"]
    return elapsed


def register(client, number):
    started = time.perf_counter()
    client.create_model_version("model", f"file:///models/new-{number}")
    return time.perf_counter() - started


verb, path = sys.argv[1:3]
if verb == "prepare":
    prepare(path, int(sys.argv[3]))
elif verb == "measure":
    client = client_of(path)
    resolve(client)
    register(client, 0)
    for turn in range(int(sys.argv[3])):
        print(json.dumps({"resolve": resolve(client), "register": register(client, turn + 1)}), flush=True)
elif verb == "resolve":
    resolve(client_of(path))
else:
    register(client_of(path), time.time())
