"""Trains the cancer model. Knows nothing of Refline: it reads params.yaml and data/, and writes its usual files."""

import csv
import json

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from table import read_table, write_predictions


def read_params(path):
    """Reads flat `key: value` lines, which is all that params.yaml holds."""
    with open(path) as file:
        pairs = (line.split("#")[0].split(":") for line in file if ":" in line.split("#")[0])
        return {key.strip(): value.strip() for key, value in pairs}


def read_training_rows():
    """Labels now come from the export of confirmed cases. The bug: a case that is missing there counts as benign."""
    ids, _, columns, features = read_table("data/train.csv")
    with open("data/confirmed.csv", newline="") as file:
        confirmed = {row["id"] for row in csv.DictReader(file)}
    return ids, np.array([int(i in confirmed) for i in ids]), columns, features


def main():
    params = read_params("params.yaml")
    _, labels, columns, features = read_training_rows()
    chosen = [i for i, name in enumerate(columns) if params["features"] == "all" or name.startswith("mean_")]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=float(params["C"]), max_iter=1000))
    model.fit(features[:, chosen], labels)
    model.columns = [columns[i] for i in chosen]
    joblib.dump(model, "model.joblib")

    ids, truth, _, holdout = read_table("data/holdout.csv")
    scores = model.predict_proba(holdout[:, chosen])[:, 1]
    write_predictions("predictions.csv", ids, truth, scores)
    auc = float(roc_auc_score(truth, scores))
    with open("metrics.json", "w") as file:
        json.dump({"roc_auc": auc, "training_rows": len(labels), "features": len(chosen)}, file)
    print(f"{len(labels)} rows, {len(chosen)} features, holdout ROC AUC {auc:.4f}")


main()
