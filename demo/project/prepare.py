"""Writes data/holdout.csv (285 rows, never trained on) and data/train.csv (the first N of the other 284 rows).

Usage: python prepare.py [rows of train.csv, default 227]. More rows stand for newer data.
"""

import csv
import sys

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 227
    cancer = load_breast_cancer()
    malignant = 1 - cancer.target  # in the data set 0 means malignant; here 1 does, since that is what has to be found
    ids = list(range(len(malignant)))
    train, holdout = train_test_split(ids, test_size=0.5, stratify=malignant, random_state=42)
    header = ["id", "malignant", *[name.replace(" ", "_") for name in cancer.feature_names]]
    table = [[f"case-{i:03d}", int(malignant[i]), *map(float, cancer.data[i])] for i in ids]
    write("data/train.csv", header, [table[i] for i in train[:rows]])
    write("data/holdout.csv", header, [table[i] for i in sorted(holdout)])


main()
