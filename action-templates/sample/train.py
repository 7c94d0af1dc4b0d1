"""Trains a churn model with the standard library alone: `train.py` trains, `train.py score` scores a saved model on the holdout."""

import csv
import json
import math
import os
import sys

FEATURES = ["tenure", "calls", "price"]


def read(path):
    with open(path, newline="") as file:
        return [(row["id"], int(row["churned"]), [float(row[name]) for name in FEATURES]) for row in csv.DictReader(file)]


def score(model, values):
    scaled = [(value - mean) / scale for value, mean, scale in zip(values, model["mean"], model["scale"])]
    return 1 / (1 + math.exp(-model["bias"] - sum(weight * value for weight, value in zip(model["weights"], scaled))))


def fit(rows, rounds=300, step=0.5):
    """Logistic regression by gradient descent on standardised features."""
    columns = list(zip(*(values for _, _, values in rows)))
    mean = [sum(column) / len(column) for column in columns]
    scale = [math.sqrt(sum((v - m) ** 2 for v in column) / len(column)) or 1.0 for column, m in zip(columns, mean)]
    model = {"features": FEATURES, "mean": mean, "scale": scale, "weights": [0.0] * len(mean), "bias": 0.0}
    scaled = [[(v - m) / s for v, m, s in zip(values, mean, scale)] for _, _, values in rows]
    for _ in range(rounds):
        errors = [score(model, values) - label for _, label, values in rows]
        model["bias"] -= step * sum(errors) / len(rows)
        for i in range(len(mean)):
            model["weights"][i] -= step * sum(error * values[i] for error, values in zip(errors, scaled)) / len(rows)
    return model


def write_predictions(model, path):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "churned", "score"])
        writer.writerows([i, label, repr(score(model, values))] for i, label, values in read("data/holdout.csv"))


def main():
    if sys.argv[1:] == ["score"]:
        path = os.environ["REFLINE_MODEL"]
        with open(os.path.join(path, "model.json") if os.path.isdir(path) else path) as file:
            write_predictions(json.load(file), os.environ["REFLINE_PREDICTIONS"])
        return
    rows = read("data/train.csv")
    model = fit(rows)
    with open("model.json", "w") as file:
        json.dump(model, file)
    write_predictions(model, "predictions.csv")
    with open("metrics.json", "w") as file:
        json.dump({"training_rows": len(rows)}, file)
    print(f"trained on {len(rows)} rows")


main()
