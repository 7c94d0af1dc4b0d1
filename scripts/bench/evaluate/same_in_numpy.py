"""The same algorithms as Refline's, in numpy: `same_in_numpy.py <challenger.csv>` prints JSON. Ids are ordered and digested too, each in numpy's own way."""

import hashlib
import json
import sys
import time

import numpy as np
from scipy import special, stats

from common import read

path = sys.argv[1]
RESAMPLES, Z = 2000, special.ndtri(0.975)
seconds, figures = {}, {}
rng = np.random.default_rng(20240601)


def timed(name, work):
    started = time.perf_counter()
    value = work()
    seconds[name] = time.perf_counter() - started
    return value


def say(name, value, low, high):
    figures[f"{name}.value"], figures[f"{name}.low"], figures[f"{name}.high"] = float(value), float(low), float(high)


def wilson(name, hits, n):
    share, scale = hits / n, 1 + Z * Z / n
    centre, reach = (share + Z * Z / (2 * n)) / scale, Z / scale * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    say(name, share, centre - reach, centre + reach)


def mean(name, losses):
    value, reach = losses.mean(), stats.t.ppf(0.975, len(losses) - 1) * losses.std(ddof=1) / np.sqrt(len(losses))
    say(name, value, value - reach, value + reach)


def counted(name, of, table):
    drawn = rng.multinomial(table.sum(), table / table.sum(), RESAMPLES)
    say(name, of(*table), *np.quantile(of(*drawn.T), [0.025, 0.975]))


def balanced(tn, fp, fn, tp):
    return (tn / (tn + fp) + tp / (tp + fn)) / 2


def f1(tn, fp, fn, tp):
    return 2 * tp / (2 * tp + fp + fn)


def matthews(tn, fp, fn, tp):
    tn, fp, fn, tp = (np.asarray(count, dtype=np.float64) for count in (tn, fp, fn, tp))
    return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


class Ranks:
    """Rows in ascending order of their scores, by groups of ties."""

    def __init__(self, y, s):
        self.order = np.argsort(s, kind="stable")
        sorted_scores = s[self.order]
        self.first = np.flatnonzero(np.append(True, sorted_scores[1:] != sorted_scores[:-1]))
        self.y = y[self.order].astype(np.float64)
        self.sizes = np.diff(self.first, append=len(s))
        self.tied = np.add.reduceat(self.y, self.first)
        self.positives, self.n = self.tied.sum(), len(s)


def delong(name, ranks):
    negatives = ranks.n - ranks.positives
    other = ranks.sizes - ranks.tied
    below = np.cumsum(other) - other
    above = ranks.positives - np.cumsum(ranks.tied)
    of_positive, of_negative = (below + other / 2) / negatives, (above + ranks.tied / 2) / ranks.positives
    area = (ranks.tied * of_positive).sum() / ranks.positives
    variance = (ranks.tied * (of_positive - area) ** 2).sum() / (ranks.positives - 1) / ranks.positives
    variance += (other * (of_negative - area) ** 2).sum() / (negatives - 1) / negatives
    say(name, area, area - Z * np.sqrt(variance), area + Z * np.sqrt(variance))


def average_precision(ranks):
    tied, positives = ranks.tied, ranks.positives
    above = ranks.n - ranks.first
    hits = np.cumsum(tied[::-1])[::-1]
    precision = hits / above
    value = (tied * precision).sum() / positives
    gained = np.cumsum(tied * (1 / above - hits / (above * above)))
    lost = np.cumsum(-tied * hits / (above * above))
    squares = (tied * (precision - value + gained) ** 2).sum() + ((ranks.sizes - tied) * lost**2).sum()
    error = np.sqrt(squares * ranks.n / (ranks.n - 1)) / positives
    say("average_precision", value, value - Z * error, value + Z * error)


def calibration(y, s):
    bins = np.minimum((s * 15).astype(np.int64), 14)
    cell, gap = bins * 2 + y, y - s
    size = np.bincount(cell, minlength=30).astype(np.float64)
    middle = np.divide(np.bincount(cell, gap, minlength=30), size, where=size > 0, out=np.zeros(30))
    spread = np.sqrt(np.divide(np.bincount(cell, (gap - middle[cell]) ** 2, minlength=30), size, where=size > 0, out=np.zeros(30)))
    drawn = rng.multinomial(len(s), size / len(s), RESAMPLES)
    sums = drawn * middle + np.sqrt(drawn) * spread * rng.standard_normal(drawn.shape)
    errors = np.abs(sums[:, ::2] + sums[:, 1::2]).sum(axis=1) / len(s)
    value = np.abs(np.bincount(bins, gap, minlength=15)).sum() / len(s)
    say("ece", value, *(np.quantile(errors, [0.025, 0.975]) - (errors.mean() - value)))


def identity(frame):
    ids = frame["id"].to_numpy().astype("S")
    order = np.argsort(ids, kind="stable")
    assert (ids[order][1:] != ids[order][:-1]).all()
    digest = hashlib.sha256(ids[order].tobytes())
    for name in ("label", "region", "channel"):
        digest.update(frame[name].astype("category").cat.codes.to_numpy()[order].tobytes())
    return digest.hexdigest()


def everything(y, s):
    p = s >= 0.5
    table = np.bincount(y * 2 + p, minlength=4)
    tn, fp, fn, tp = table
    wilson("accuracy", tn + tp, len(y))
    wilson("precision", tp, tp + fp)
    wilson("recall", tp, tp + fn)
    wilson("specificity", tn, tn + fp)
    for name, of in (("balanced_accuracy", balanced), ("f1", f1), ("mcc", matthews)):
        counted(name, of, table)
    ranks = Ranks(y, s)
    delong("roc_auc", ranks)
    average_precision(ranks)
    eps = np.finfo(np.float64).eps
    clipped = np.clip(s, eps, 1 - eps)
    mean("log_loss", -np.log(np.where(y == 1, clipped, 1 - clipped)))
    mean("brier", (s - y) ** 2)
    calibration(y, s)


def slices(frame):
    for value, part in frame.groupby("region"):
        positive = part["label"].to_numpy() == 1
        wilson(f"region={value}.recall", (positive & (part["score"].to_numpy() >= 0.5)).sum(), positive.sum())
    for value, part in frame.groupby("channel"):
        delong(f"channel={value}.roc_auc", Ranks(part["label"].to_numpy(), part["score"].to_numpy()))


rows = timed("read", lambda: read(path))
timed("identity", lambda: identity(rows))
timed("metrics", lambda: everything(rows["label"].to_numpy(), rows["score"].to_numpy()))
timed("slices", lambda: slices(rows))
print(json.dumps({"seconds": seconds, "total": sum(seconds.values()), "figures": figures}))
