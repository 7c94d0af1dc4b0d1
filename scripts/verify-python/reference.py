"""Computes with Python what Refline computes, on the same files. usage: reference.py <folder> [--without-real-sets]

Reads <folder>/sets.json and tables.json, writes the sets that scikit-learn ships below the folder with real.json, then <folder>/expected.jsonl."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import classification
import regression
from classification import binary_differences, binary_estimates, multiclass_differences, multiclass_estimates
from figures import Difference
from real_sets import write_real_sets
from regression import regression_differences, regression_estimates
from tables import expected_tables

ESTIMATES = {"binary": binary_estimates, "multiclass": multiclass_estimates, "regression": regression_estimates}
DIFFERENCES = {"binary": binary_differences, "multiclass": multiclass_differences, "regression": regression_differences}
NOTHING = Difference(None, None, None, None)


def read(folder, entry, model):
    text = {"id": str, "region": str}
    if entry["task"] != "regression":
        text |= {"label": str, "prediction": str}
    path = folder / entry["name"] / f"{model}.csv"
    return pd.read_csv(path, dtype=text, keep_default_na=False, float_precision="round_trip").set_index("id")


def rows_of(entry, frames):
    """Both models' rows in the challenger's order."""
    challenger, champion = frames[0], frames[1].loc[frames[0].index]
    assert (challenger["label"] == champion["label"]).all()
    frames = [challenger, champion]
    if entry["task"] == "regression":
        return [regression.Rows(frame["label"].to_numpy(float), frame["prediction"].to_numpy(float)) for frame in frames]
    if entry["task"] == "binary":
        positive = entry["positive"] or ("true" if set(challenger["label"]) <= {"true", "false"} else "1")
        made = []
        for frame in frames:
            score = frame["score"].to_numpy(float)
            called = frame["prediction"] == positive if "prediction" in frame else score >= entry["threshold"]
            made.append(classification.Rows(2, (frame["label"] == positive).to_numpy().astype(int), np.asarray(called).astype(int), score))
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
        made.append(classification.Rows(len(classes), np.searchsorted(classes, frame["label"]), predicted, None, probabilities))
    return made


def expected(folder, entry):
    figures = {}
    rng = np.random.default_rng([entry["seed"], 7])
    frames = [read(folder, entry, model) for model in ("challenger", "champion")]
    ours, theirs = rows_of(entry, frames)
    task, confidence = entry["task"], entry["confidence"]
    estimates = [ESTIMATES[task](rows, confidence, rng) for rows in (ours, theirs)]
    for subject, found in zip(("challenger", "champion"), estimates):
        for name, estimate in found.items():
            estimate.write(figures, subject, name)
    both = lambda name: all(found[name].rule is None for found in estimates)
    differences = DIFFERENCES[task](ours, theirs, confidence, rng, both)
    for name in estimates[0]:
        if both(name):
            differences[name].write(figures, name, estimates[0][name], estimates[1][name])
        else:
            NOTHING.write(figures, name, estimates[0][name], estimates[1][name])
    if entry["slice"]:
        for value, part in frames[0].groupby(entry["slice"]):
            rows = ours.part(frames[0].index.isin(part.index))
            for name, estimate in ESTIMATES[task](rows, confidence, rng).items():
                estimate.write(figures, f"{entry['slice']}={value}", name)
    return figures




def main():
    folder = Path(sys.argv[1])
    real = [] if "--without-real-sets" in sys.argv else write_real_sets(folder)
    (folder / "real.json").write_text(json.dumps(real))
    sets = json.loads((folder / "sets.json").read_text()) + real
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    with (folder / "expected.jsonl").open("w") as out:
        for entry in sets:
            try:
                figures = expected(folder, entry)
            except Exception as error:
                raise RuntimeError(f"the reference fails on {entry['name']} (seed {entry['seed']})") from error
            out.write(json.dumps({"name": entry["name"], "figures": figures}, allow_nan=False) + "\n")
        tables = json.loads((folder / "tables.json").read_text())
        out.write(json.dumps({"name": "tables", "figures": expected_tables(tables)}, allow_nan=False) + "\n")


main()
