"""Reads the tables of data/ for training and scoring."""

import csv

import numpy as np


def read_table(path):
    """Returns the ids, the labels (1 is malignant), the names of the feature columns and the features, one row each."""
    with open(path, newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = list(reader)
    ids = [row[0] for row in rows]
    labels = np.array([int(row[1]) for row in rows])
    return ids, labels, header[2:], np.array([[float(value) for value in row[2:]] for row in rows])


def write_predictions(path, ids, labels, scores):
    """Writes one row per holdout row; 17 digits, so that nothing is lost."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "malignant", "p_malignant"])
        writer.writerows([i, int(label), repr(float(score))] for i, label, score in zip(ids, labels, scores))
