"""pandas + scikit-learn + scipy.stats.bootstrap: `bootstrap.py <resamples> <all> <challenger.csv> [champion.csv]` prints JSON.

Only `resamples` are drawn and their time is extrapolated to `all`, on all rows: a resample costs as much as any other. Every resample computes all metrics at
once, which favours the peer: one bootstrap for each metric would draw its rows twelve times.
"""

import json
import sys
import time

import numpy as np
from scipy import stats
from sklearn import metrics

from common import NAMES, by_sklearn, read

count, wanted = int(sys.argv[1]), int(sys.argv[2])
paths = sys.argv[3:]
seconds = {}


def timed(name, work):
    started = time.perf_counter()
    value = work()
    seconds[name] = seconds.get(name, 0) + time.perf_counter() - started
    return value


def intervals(columns, statistic):
    """The seconds that `wanted` resamples would take. Rows are resampled by their numbers, as scipy itself does for paired samples."""
    started = time.perf_counter()
    drawn = stats.bootstrap(
        (np.arange(len(columns[0])),),
        lambda index: statistic(*(column[index] for column in columns)),
        n_resamples=count,
        batch=1,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(20240601),
    )
    assert len(drawn.bootstrap_distribution) == count
    return (time.perf_counter() - started) / count * wanted


def first(values):
    """scipy wants one number of each resample."""
    return values[0]


frames = [timed("read", lambda path=path: read(path)) for path in paths]
labels = frames[0]["label"].to_numpy()
scores = [frame["score"].to_numpy() for frame in frames]
if len(frames) == 1:
    values = timed("points", lambda: by_sklearn(labels, scores[0]))
    seconds["bootstrap"] = intervals((labels, scores[0]), lambda y, s: first(by_sklearn(y, s)))
    for column, metric in (("region", metrics.recall_score), ("channel", metrics.roc_auc_score)):
        for _, part in frames[0].groupby(column):
            own = part["label"].to_numpy(), part["score"].to_numpy()
            predicted = (own[1] >= 0.5).astype(own[0].dtype) if column == "region" else own[1]
            took = intervals((own[0], predicted), metric)
            seconds["slices"] = seconds.get("slices", 0) + took
else:
    joined = timed("join", lambda: frames[0].merge(frames[1], on="id", suffixes=("", "_champion"), validate="1:1"))
    labels = joined["label"].to_numpy()
    scores = [joined["score"].to_numpy(), joined["score_champion"].to_numpy()]
    values = timed("points", lambda: by_sklearn(labels, scores[0]) - by_sklearn(labels, scores[1]))
    seconds["bootstrap"] = intervals((labels, *scores), lambda y, ours, theirs: first(by_sklearn(y, ours) - by_sklearn(y, theirs)))
print(json.dumps({"seconds": seconds, "total": sum(seconds.values()), "figures": dict(zip(NAMES, values.tolist(), strict=True))}))
