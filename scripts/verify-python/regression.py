"""Regression: scikit-learn's values, Student's t, the infinitesimal jackknife by complex steps, order statistics of the median."""

import math

import numpy as np
from sklearn import metrics as sk

from designs import NO_INTERVAL, Design, Spread
from figures import Difference, Estimate
from intervals import complex_step, jackknife_error, t_difference, wald_difference, z_of
from losses import loss_design, loss_estimate

FEW = "too few rows for order statistics"


def errors_of(rows):
    return np.abs(rows.true - rows.predicted)


def row_losses(rows, name):
    error = errors_of(rows)
    return {"mae": error, "mse": error**2, "mape": error / np.maximum(np.abs(rows.true), np.finfo(float).eps)}[name]


LOSSES = {"mae": sk.mean_absolute_error, "mse": sk.mean_squared_error, "mape": sk.mean_absolute_percentage_error}


def root(rows):
    squares = errors_of(rows) ** 2
    return lambda weights: np.sqrt((weights * squares).sum(axis=-1) / weights.sum(axis=-1))


def explained(rows):
    squares = errors_of(rows) ** 2
    # Around the plain mean, which changes nothing and keeps large offsets from cancelling.
    centred = rows.true - rows.true.mean()

    def of(weights):
        mean = ((weights * centred).sum(axis=-1) / weights.sum(axis=-1))[..., None]
        spread = (weights * (centred - mean) ** 2).sum(axis=-1)
        return 1 - (weights * squares).sum(axis=-1) / np.where(spread.real <= 1e-12 * (weights.real * centred**2).sum(axis=-1), np.nan, spread)

    return of


SMOOTH = {"rmse": (sk.root_mean_squared_error, root), "r2": (sk.r2_score, explained)}


def value_of(score, rows):
    return score(rows.true, rows.predicted, sample_weight=rows.weights)


def values(rows):
    found = {name: (value_of(score, rows), None) for name, score in LOSSES.items()}
    found["median_ae"] = value_of(sk.median_absolute_error, rows), None
    found["rmse"] = value_of(SMOOTH["rmse"][0], rows), None
    found["r2"] = (None, "every row has the same label") if np.ptp(rows.true) == 0 else (value_of(sk.r2_score, rows), None)
    return found


def effects_of(name, rows):
    return complex_step(SMOOTH[name][1](rows), rows.w) if errors_of(rows).any() else np.zeros(rows.n)


def scale_of(name, value):
    return abs(value) + (name == "r2")


def smooth_estimate(name, rows, value, confidence):
    error = jackknife_error(effects_of(name, rows), scale_of(name, value))
    if isinstance(error, str):
        return Estimate(value, error, spread=None if rows.n < 2 else 0.0)
    return Estimate(value, (value - z_of(confidence) * error, value + z_of(confidence) * error), spread=error)


def median_bounds(rows, confidence):
    error = np.sort(errors_of(rows))
    reach = z_of(confidence) * math.sqrt(rows.n) / 2
    low, high = math.floor(rows.n / 2 - reach), math.ceil(rows.n / 2 + reach) + 1
    return None if low < 1 or high > rows.n else (error[low - 1], error[high - 1])


def median_estimate(rows, value, confidence):
    bounds = median_bounds(rows, confidence)
    return Estimate(value, bounds or FEW, spread=(bounds[1] - bounds[0]) / (2 * z_of(confidence)) if bounds else None)


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


class WeightedMedian:
    """Woodruff (1952): the interval of the share of weight at or below the median, carried over to quantiles."""

    def __init__(self, rows):
        self.error = errors_of(rows)
        self.order = np.argsort(self.error, kind="stable")
        self.sorted = self.error[self.order]

    def quantile(self, weights, share):
        """Mean of the two values where the share falls between them. `weights` in the last axis."""
        cumulated = np.cumsum(weights[..., self.order], axis=-1)
        target = share * cumulated[..., -1:]
        eps = np.finfo(float).eps
        first = np.argmax(cumulated >= target, axis=-1)
        after = np.argmax(cumulated > target + eps, axis=-1)
        # Past the last one there is none.
        after = np.where((cumulated > target + eps).any(axis=-1), after, first)
        return (self.sorted[first] + self.sorted[after]) / 2

    def below(self, rows):
        below = self.error <= self.quantile(rows.w, 0.5)
        effects = rows.w * (below - (rows.w * below).sum() / rows.w.sum()) / rows.w.sum()
        return effects, Spread(rows, effects, 1, [effects]).error

    def between(self, rows, reach):
        return self.quantile(rows.w, 0.5 - reach), self.quantile(rows.w, 0.5 + reach)

    def effects(self, rows):
        effects, error = self.below(rows)
        reach = z_of(0.95) * error
        if not error > 0 or reach >= 0.5:
            return np.zeros(rows.n)
        low, high = self.between(rows, reach)
        return -effects * (high - low) / (2 * reach)

    def __call__(self, rows, stretch, confidence):
        reach = z_of(confidence) * self.below(rows)[1] * stretch
        return self.between(rows, reach) if reach < 0.5 else NO_INTERVAL


def intervals(rows, confidence, rng, found):
    made = {name: loss_estimate(row_losses(rows, name), confidence, found[name][0]) for name in LOSSES}
    made["median_ae"] = median_estimate(rows, found["median_ae"][0], confidence)
    return made | {name: smooth_estimate(name, rows, found[name][0], confidence) for name in SMOOTH if found[name][1] is None}


def differences(ours, theirs, confidence, rng, defined):
    found = {name: t_difference(row_losses(ours, name) - row_losses(theirs, name), confidence) for name in LOSSES}
    found["median_ae"] = median_difference(ours, theirs, confidence)
    for name, (score, _) in SMOOTH.items():
        if not defined(name):
            continue
        values = [value_of(score, rows) for rows in (ours, theirs)]
        error = jackknife_error(effects_of(name, ours) - effects_of(name, theirs), sum(scale_of(name, value) for value in values))
        found[name] = wald_difference(values[0] - values[1], 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    return found


def design(name, rows, value):
    if name == "median_ae":
        median = WeightedMedian(rows)
        return Design("free", lambda weights: median.quantile(weights, 0.5), size=value, quantiles=median)
    if name in LOSSES:
        return loss_design(row_losses(rows, name), value)
    if name == "rmse" and value == 0:
        return Design("free", lambda weights: np.zeros(weights.shape[:-1], weights.dtype), size=0.0)
    return Design("free", SMOOTH[name][1](rows), size=scale_of(name, value))
