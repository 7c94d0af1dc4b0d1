"""Regression: scikit-learn's values, Student's t, the infinitesimal jackknife by complex steps, order statistics of the median."""

import math

import numpy as np
from scipy import stats
from sklearn import metrics as sk

from classification import loss_estimate
from figures import Difference, Estimate
from intervals import CONSTANT, POWER, complex_step, jackknife_error, t_difference, wald_difference, z_of


class Rows:
    def __init__(self, true, predicted):
        self.true, self.predicted, self.n = true, predicted, len(true)

    def part(self, rows):
        return Rows(self.true[rows], self.predicted[rows])


def errors_of(rows):
    return np.abs(rows.true - rows.predicted)


def losses_of(rows):
    error = errors_of(rows)
    return {"mae": error, "mape": error / np.maximum(np.abs(rows.true), np.finfo(float).eps)}


def root(rows):
    squares = errors_of(rows) ** 2
    return lambda weights: np.sqrt((weights * squares).sum(axis=-1) / weights.sum(axis=-1))


def explained(rows):
    squares = errors_of(rows) ** 2
    # Around the plain mean, which changes nothing and keeps large offsets from cancelling.
    centred = rows.true - rows.true.mean()

    def of(weights):
        mean = ((weights * centred).sum(axis=-1) / weights.sum(axis=-1))[..., None]
        return 1 - (weights * squares).sum(axis=-1) / (weights * (centred - mean) ** 2).sum(axis=-1)

    return of


SMOOTH = {"rmse": (sk.root_mean_squared_error, root), "r2": (sk.r2_score, explained)}


def effects_of(name, rows):
    if not errors_of(rows).any():
        return np.zeros(rows.n)
    return complex_step(SMOOTH[name][1](rows), rows.n)


def scale_of(name, rows):
    value = SMOOTH[name][0](rows.true, rows.predicted)
    return abs(value) + (name == "r2")


def smooth_estimate(name, rows, confidence):
    if name == "r2" and np.ptp(rows.true) == 0:
        return Estimate(rule="every row has the same label")
    value = SMOOTH[name][0](rows.true, rows.predicted)
    error = jackknife_error(effects_of(name, rows), scale_of(name, rows))
    reach = 0 if isinstance(error, str) else z_of(confidence) * error
    return Estimate(value, error if isinstance(error, str) else (value - reach, value + reach))


def median_bounds(rows, confidence):
    error = np.sort(errors_of(rows))
    reach = z_of(confidence) * math.sqrt(rows.n) / 2
    low, high = math.floor(rows.n / 2 - reach), math.ceil(rows.n / 2 + reach) + 1
    return None if low < 1 or high > rows.n else (error[low - 1], error[high - 1])


FEW = "too few rows for order statistics"


def median_estimate(rows, confidence):
    return Estimate(sk.median_absolute_error(rows.true, rows.predicted), median_bounds(rows, confidence) or FEW)


def median_difference(ours, theirs, confidence):
    bounds = [median_bounds(rows, confidence) for rows in (ours, theirs)]
    if None in bounds:
        return Difference(FEW, FEW, FEW, FEW)
    z = z_of(confidence)
    spreads = [(high - low) / (2 * z) for low, high in bounds]
    sides = [errors_of(rows) <= sk.median_absolute_error(rows.true, rows.predicted) for rows in (ours, theirs)]
    flat = any(side.all() or not side.any() for side in sides)
    together = 0 if flat else np.corrcoef(*sides)[0, 1]
    gap = sk.median_absolute_error(ours.true, ours.predicted) - sk.median_absolute_error(theirs.true, theirs.predicted)
    same = (errors_of(ours) == errors_of(theirs)).all()
    variance = 0 if same else max(0.0, spreads[0] ** 2 + spreads[1] ** 2 - 2 * together * spreads[0] * spreads[1])
    scale = 1e-14 * max(spreads) ** 2
    return wald_difference(gap, math.sqrt(variance), confidence, variance <= scale)


def regression_estimates(rows, confidence, rng):
    losses = losses_of(rows)
    found = {
        "mae": loss_estimate(losses["mae"], confidence, sk.mean_absolute_error(rows.true, rows.predicted)),
        "mape": loss_estimate(losses["mape"], confidence, sk.mean_absolute_percentage_error(rows.true, rows.predicted)),
        "median_ae": median_estimate(rows, confidence),
    }
    return {**found, **{name: smooth_estimate(name, rows, confidence) for name in SMOOTH}}


def regression_differences(ours, theirs, confidence, rng, defined):
    found = {name: t_difference(losses_of(ours)[name] - losses_of(theirs)[name], confidence) for name in ("mae", "mape") if defined(name)}
    if defined("median_ae"):
        found["median_ae"] = median_difference(ours, theirs, confidence)
    for name in SMOOTH:
        if not defined(name):
            continue
        value = SMOOTH[name][0]
        error = jackknife_error(effects_of(name, ours) - effects_of(name, theirs), scale_of(name, ours) + scale_of(name, theirs))
        gap = value(ours.true, ours.predicted) - value(theirs.true, theirs.predicted)
        found[name] = wald_difference(gap, 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    return found
