"""Means of a loss of each row, and the calibration error."""

import numpy as np
from scipy import stats
from sklearn import metrics as sk

from designs import Design, shifted
from figures import Estimate
from intervals import CONSTANT, ONE_ROW, does_not_vary, t_interval
from resampling import Resampled, draw_cells

OUTSIDE = "scores outside [0, 1] are no probabilities"
BINS = 15
EDGES = np.arange(BINS + 1) / BINS


def log_loss(rows, given, labels):
    """scikit-learn clips numbers of 32 bits by their own spacing at 1, and then adds them up in 32 bits; ours adds up the same ones in 64."""
    found = sk.log_loss(rows.true, np.clip(given, rows.eps, 1 - rows.eps) if rows.single else given, labels=labels, sample_weight=rows.weights)
    if rows.single:
        assert abs(sk.log_loss(rows.true, given.astype(np.float32), labels=labels, sample_weight=rows.weights) - found) <= 2e-5 * found
    return found


def loss_estimate(losses, confidence, value):
    interval = ONE_ROW if len(losses) < 2 else CONSTANT if does_not_vary(losses) else t_interval(losses, confidence)
    if isinstance(interval, str):
        return Estimate(value, interval, spread=None if len(losses) < 2 else 0.0)
    return Estimate(value, (max(0.0, interval[0]), interval[1]), spread=stats.sem(losses))


def loss_design(losses, value):
    return Design("loss", lambda weights: (weights * losses).sum(axis=-1) / weights.sum(axis=-1), size=abs(value))


# Calibration: what is claimed of each row, and whether it came true.


def bin_of(claimed):
    return np.minimum(np.searchsorted(EDGES, claimed, side="right") - 1, BINS - 1)


def calibration_error(came_true, claimed, weights):
    """sum over bins of |sum of w (outcome - claim)| / sum of w, bins [k / 15, (k + 1) / 15)."""
    gaps = weights * (came_true - claimed)
    return sum(abs(gaps[bin_of(claimed) == k].sum()) for k in range(BINS)) / weights.sum()


def calibration_design(claims):
    came_true, claimed = claims
    inside = bin_of(claimed)[:, None] == np.arange(BINS)
    gaps = inside * (came_true - claimed)[:, None]

    def of(weights):
        sums = weights @ gaps
        # The slope of the absolute value, also in the imaginary direction.
        return (sums * np.sign(sums.real)).sum(axis=-1) / weights.sum(axis=-1)

    return Design("share", of, totals=gaps, unbiased=True)


def resampled_calibration(models, rng):
    """As Refline documents its bootstrap: cells of outcomes and bins are multinomial, the sum of gaps within a cell is normal with the cell's moments."""
    n = len(models[0][0])
    bins = [bin_of(claimed) for _, claimed in models]
    key = np.zeros(n, int)
    for (came_true, _), each in zip(models, bins):
        key = (key * 2 + came_true) * BINS + each
    cells, codes = np.unique(key, return_inverse=True)
    sizes = draw_cells(codes, len(cells), rng)
    sums = [np.zeros((len(sizes), BINS)) for _ in models]
    for cell in range(len(cells)):
        inside = codes == cell
        gaps = np.stack([(came_true - claimed)[inside] for came_true, claimed in models])
        covariance = np.atleast_2d(np.cov(gaps, bias=True))
        noise = rng.multivariate_normal(np.zeros(len(models)), covariance, size=len(sizes), method="eigh")
        for model, each in enumerate(bins):
            size = sizes[:, cell]
            sums[model][:, each[inside][0]] += size * gaps[model].mean() + np.sqrt(size) * noise[:, model]
    return [np.abs(each).sum(axis=1) / n for each in sums]


def calibration_estimate(claims, value, confidence, rng):
    resampled = Resampled(resampled_calibration([claims], rng)[0])
    return Estimate(value, shifted(resampled, value, confidence), error=resampled.error())


def calibration_difference(ours, theirs, confidence, rng):
    first, second = resampled_calibration([ours, theirs], rng)
    return Resampled(first - second).difference(confidence)
