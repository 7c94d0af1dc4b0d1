"""Computes with Python what Refline computes, on the same files. usage: reference.py <folder> [--without-real-sets]

Reads <folder>/sets.json and tables.json, writes the sets that scikit-learn ships below the folder with real.json, then <folder>/expected.jsonl."""

import json
import sys
import warnings
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd

from estimates import INDEPENDENT, Model, differences_of, independent
from fairness import write_fairness
from figures import Difference
from real_sets import write_real_sets
from rows import Rows
from tables import expected_tables

NOTHING = Difference(None, None, None, None)


def read(folder, entry, model):
    text = {"id": str, "region": str, "customer": str}
    if entry["task"] != "regression":
        text |= {"label": str, "prediction": str}
    path = folder / entry["name"] / f"{model}.csv"
    return pd.read_csv(path, dtype=text, keep_default_na=False, float_precision="round_trip").set_index("id")


def rows_of(entry, frames):
    """Both models' rows in the challenger's order."""
    challenger, champion = frames[0], frames[1].loc[frames[0].index]
    assert (challenger["label"] == champion["label"]).all()
    frames = [challenger, champion]
    common = {
        "single": entry["single"],
        "weights": challenger["weight"].to_numpy(float) if "weight" in challenger else None,
        "clusters": np.unique(challenger["customer"], return_inverse=True)[1] if "customer" in challenger else None,
    }
    if entry["task"] == "regression":
        return [Rows(frame["label"].to_numpy(float), frame["prediction"].to_numpy(float), **common) for frame in frames]
    if entry["task"] == "binary":
        positive = entry["positive"] or ("true" if set(challenger["label"]) <= {"true", "false"} else "1")
        made = []
        for frame in frames:
            score = frame["score"].to_numpy(float)
            called = frame["prediction"] == positive if "prediction" in frame else score >= entry["threshold"]
            label = (frame["label"] == positive).to_numpy().astype(int)
            made.append(Rows(label, np.asarray(called).astype(int), score, classes=["negative", "positive"], **common))
        return made
    columns = [name for name in challenger if name.startswith("p_")]
    names = {name[2:] for name in columns} | set(challenger["label"])
    for frame in frames:
        names |= set(frame["prediction"]) if "prediction" in frame else set()
    classes = sorted(names)
    made = []
    for frame in frames:
        probabilities = frame[[f"p_{name}" for name in classes]].to_numpy(float) if columns else None
        predicted = np.searchsorted(classes, frame["prediction"]) if "prediction" in frame else probabilities.argmax(axis=1)
        made.append(Rows(np.searchsorted(classes, frame["label"]), predicted, None, probabilities, classes, **common))
    return made


def write_independent(figures, task, ours, theirs, confidence):
    for name in INDEPENDENT[task]:
        one, other = ours.found[name], theirs.found[name]
        found = NOTHING if one.rule or other.rule else independent(one, other, confidence)
        found.write(figures, name, one, other, subject="independent")


def expected(folder, entry):
    figures = {}
    rng = np.random.default_rng([entry["seed"], 7])
    frames = [read(folder, entry, model) for model in ("challenger", "champion")]
    given, champion = rows_of(entry, frames)
    task, confidence, robust = entry["task"], entry["confidence"], entry["robust"]
    ours = Model(task, given.weighing(), confidence, robust, rng)
    theirs = Model(task, champion.weighing(), confidence, robust, rng, ours.draws)
    for subject, model in (("challenger", ours), ("champion", theirs)):
        for name, estimate in model.found.items():
            estimate.write(figures, subject, name)
    differences = differences_of(task, ours, theirs, confidence, robust, rng)
    for name in ours.found:
        differences.get(name, NOTHING).write(figures, name, ours.found[name], theirs.found[name])
    if given.clusters is None:
        write_independent(figures, task, ours, theirs, confidence)
    column = frames[0]["region"].to_numpy(str)
    if entry["slice"]:
        for value in np.unique(column):
            part = Model(task, given.part(column == value).weighing(), confidence, robust, rng)
            for name, estimate in part.estimates(ours.found).items():
                estimate.write(figures, f"{entry['slice']}={value}", name)
    if entry["fairness"]:
        write_fairness(figures, given, column, entry["fairness"], confidence)
    return figures


def line_of(task):
    """A line of expected.jsonl."""
    folder, entry = task
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    try:
        figures = expected(folder, entry)
    except Exception as error:
        raise RuntimeError(f"the reference fails on {entry['name']} (seed {entry['seed']})") from error
    return json.dumps({"name": entry["name"], "figures": figures}, allow_nan=False) + "\n"


def main():
    folder = Path(sys.argv[1])
    real = [] if "--without-real-sets" in sys.argv else write_real_sets(folder)
    (folder / "real.json").write_text(json.dumps(real))
    sets = json.loads((folder / "sets.json").read_text()) + real
    with (folder / "expected.jsonl").open("w") as out, Pool(2) as pool:
        out.writelines(pool.imap_unordered(line_of, [(folder, entry) for entry in sets]))
        tables = json.loads((folder / "tables.json").read_text())
        out.write(json.dumps({"name": "tables", "figures": expected_tables(tables)}, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
