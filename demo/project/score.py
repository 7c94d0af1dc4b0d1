"""Scores any version on today's holdout: reads $REFLINE_MODEL, writes $REFLINE_PREDICTIONS."""

import os

import joblib

from table import read_table, write_predictions


def main():
    path = os.environ["REFLINE_MODEL"]
    model = joblib.load(os.path.join(path, "model.joblib") if os.path.isdir(path) else path)
    ids, labels, columns, features = read_table("data/holdout.csv")
    chosen = [columns.index(name) for name in model.columns]
    write_predictions(os.environ["REFLINE_PREDICTIONS"], ids, labels, model.predict_proba(features[:, chosen])[:, 1])


main()
