"""Rows and metrics that the peers share."""

import numpy as np
import pandas as pd
from sklearn import metrics

THRESHOLD = 0.5
NAMES = [
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "mcc", "roc_auc",
    "average_precision", "log_loss", "brier", "ece",
]  # fmt: skip


def read(path):
    return pd.read_csv(path, engine="pyarrow")


def calibration_error(labels, scores):
    """scikit-learn has none; 15 bins of equal width."""
    bins = np.minimum((scores * 15).astype(np.int64), 14)
    return np.abs(np.bincount(bins, labels - scores, minlength=15)).sum() / len(labels)


def by_sklearn(labels, scores):
    """All twelve metrics as a user of scikit-learn computes them."""
    predicted = (scores >= THRESHOLD).astype(labels.dtype)
    return np.array([
        metrics.accuracy_score(labels, predicted),
        metrics.balanced_accuracy_score(labels, predicted),
        metrics.precision_score(labels, predicted),
        metrics.recall_score(labels, predicted),
        metrics.recall_score(labels, predicted, pos_label=0),
        metrics.f1_score(labels, predicted),
        metrics.matthews_corrcoef(labels, predicted),
        metrics.roc_auc_score(labels, scores),
        metrics.average_precision_score(labels, scores),
        metrics.log_loss(labels, scores),
        metrics.brier_score_loss(labels, scores),
        calibration_error(labels, scores),
    ])  # fmt: skip
