"""Intervals of paired differences by scipy.stats.bootstrap, to hold ours against: `agreement.py <resamples> <challenger.csv> <champion.csv>` prints JSON.

The statistics are written in numpy, since scikit-learn would take hours for so many resamples; that they are the same is checked against it first.
"""

import json
import sys

import numpy as np
from scipy import stats

from common import by_sklearn, read, NAMES

resamples = int(sys.argv[1])
frames = [read(path) for path in sys.argv[2:4]]
labels = frames[0]["label"].to_numpy().astype(np.float64)
scores = [frame["score"].to_numpy() for frame in frames]


def ranked(y, s):
    """Area and average precision; resampled rows tie with themselves, so ties count."""
    order = np.argsort(-s, kind="stable")
    y, s = y[order], s[order]
    last = np.append(np.nonzero(np.diff(s))[0], len(s) - 1)
    hits = np.cumsum(y)[last]
    above = last + 1.0
    misses = above - hits
    gained = np.diff(hits, prepend=0.0)
    area = np.sum(np.diff(misses, prepend=0.0) * (hits - gained / 2)) / (hits[-1] * misses[-1])
    return area, np.sum(gained * hits / above) / hits[-1]


def figures(y, s):
    p = s >= 0.5
    right = p == (y == 1)
    hit, claimed, positive = np.sum(p & (y == 1)), np.sum(p), np.sum(y)
    area, precision = ranked(y, s)
    eps = np.finfo(np.float64).eps
    clipped = np.clip(s, eps, 1 - eps)
    loss = -np.mean(np.where(y == 1, np.log(clipped), np.log1p(-clipped)))
    return {
        "accuracy": right.mean(),
        "recall": hit / positive,
        "f1": 2 * hit / (claimed + positive),
        "roc_auc": area,
        "average_precision": precision,
        "log_loss": loss,
        "brier": np.mean((s - y) ** 2),
    }


by_name = dict(zip(NAMES, by_sklearn(labels.astype(np.int64), scores[0]), strict=True))
for name, value in figures(labels, scores[0]).items():
    assert abs(value - by_name[name]) < 1e-9, (name, value, by_name[name])

found = {}
collected = []


def statistic(index):
    y = labels[index]
    ours, theirs = figures(y, scores[0][index]), figures(y, scores[1][index])
    collected.append([ours[name] - theirs[name] for name in ours])
    return collected[-1][0]


stats.bootstrap(
    (np.arange(len(labels)),), statistic, n_resamples=resamples, batch=1, vectorized=False, method="percentile", rng=np.random.default_rng(20240601)
)
drawn = np.array(collected[-resamples:])
for index, name in enumerate(figures(labels, scores[0])):
    low, high = np.quantile(drawn[:, index], [0.025, 0.975])
    found[name] = {"low": low, "high": high, "sd": drawn[:, index].std(ddof=1)}
print(json.dumps(found))
