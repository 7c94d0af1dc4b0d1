"""Two classes: scikit-learn's values, and the rules by which Refline says "undefined" where scikit-learn says 0 or nan."""

import numpy as np
from sklearn import metrics as sk

from areas import weighted_area
from counts import ONE_CLASS, count_differences, count_intervals, count_values
from designs import Design
from figures import Estimate
from intervals import DeLong, complex_step, jackknife_error, share_interval, t_difference, wald_difference, wilson
from losses import OUTSIDE, calibration_design, calibration_difference, calibration_error, calibration_estimate, log_loss, loss_design, loss_estimate
from shares import resampled_shares, share_differences, share_intervals, share_values

NO_POSITIVE = "no row has the positive label"


def row_losses(rows, name):
    if name == "brier":
        return (rows.true - rows.score) ** 2
    clipped = np.clip(np.column_stack([1 - rows.score, rows.score]), rows.eps, 1 - rows.eps)
    return -np.log(clipped[np.arange(rows.n), rows.true])


def values(rows):
    true, score, weights = rows.true, rows.score, rows.weights
    found = {**count_values("binary", rows), **share_values("binary", rows)}
    both = len(np.unique(true)) == 2
    found["roc_auc"] = (sk.roc_auc_score(true, score, sample_weight=weights), None) if both else (None, "every row is of one class")
    found["average_precision"] = (sk.average_precision_score(true, score, sample_weight=weights), None) if true.any() else (None, NO_POSITIVE)
    if (score < 0).any() or (score > 1).any():
        return {**found, **{name: (None, OUTSIDE) for name in ("log_loss", "brier", "ece")}}
    found["log_loss"] = (log_loss(rows, score, [0, 1]), None) if both else (None, ONE_CLASS)
    found["brier"] = sk.brier_score_loss(true, score, labels=[0, 1], sample_weight=weights), None
    found["ece"] = calibration_error(true, score, rows.w), None
    return found


def area_estimate(rows, value, confidence):
    found = DeLong(rows.true == 1, rows.score)
    if found.few:
        return Estimate(value, "a class has a single row")
    if found.auc in (0, 1) and found.flat:
        fewer = min(found.m, found.n)
        return Estimate(value, wilson(int(found.auc) * fewer, fewer, confidence), spread=0.0, wilson=True)
    return Estimate(value, share_interval(found.auc, found.error(), confidence), spread=found.error())


def precision_steps(true, score):
    """Average precision of weighted rows as a function of the weights, which may be complex."""
    order = np.argsort(-score, kind="stable")
    sorted_score, positive = score[order], true[order] == 1
    ends = np.append(np.flatnonzero(np.diff(sorted_score)), len(score) - 1)

    def of(weights):
        sorted_weights = weights[..., order]
        hits = np.cumsum(sorted_weights * positive, axis=-1)[..., ends]
        all_above = np.cumsum(sorted_weights, axis=-1)[..., ends]
        gained = np.diff(hits, prepend=0, axis=-1) * hits
        # No row drawn at or above a score: no step there.
        return np.divide(gained, all_above, out=np.zeros_like(gained), where=all_above != 0).sum(axis=-1) / hits[..., -1]

    return of


def precision_effects(rows):
    return complex_step(precision_steps(rows.true, rows.score), rows.w)


def jackknife_estimate(effects, value, confidence):
    error = jackknife_error(effects, 1)
    flat = isinstance(error, str)
    return Estimate(value, error if flat else share_interval(value, error, confidence), spread=None if len(effects) < 2 else 0.0 if flat else error)


def intervals(rows, confidence, rng, found):
    made = {**count_intervals("binary", rows, confidence, rng, found), **share_intervals("binary", rows, confidence, found)}
    defined = {name: value for name, (value, rule) in found.items() if rule is None}
    if "roc_auc" in defined:
        made["roc_auc"] = area_estimate(rows, defined["roc_auc"], confidence)
    if "average_precision" in defined:
        made["average_precision"] = jackknife_estimate(precision_effects(rows), defined["average_precision"], confidence)
    for name in ("log_loss", "brier"):
        if name in defined:
            made[name] = loss_estimate(row_losses(rows, name), confidence, defined[name])
    if "ece" in defined:
        made["ece"] = calibration_estimate((rows.true, rows.score), defined["ece"], confidence, rng)
    return made


def differences(ours, theirs, confidence, rng, defined):
    found = count_differences("binary", ours, theirs, confidence, rng, defined, resampled_shares("binary", ours.classes))
    found |= share_differences("binary", ours, theirs, confidence, defined)
    if defined("roc_auc"):
        first, second = (DeLong(rows.true == 1, rows.score) for rows in (ours, theirs))
        found["roc_auc"] = first.difference(second, confidence)
    if defined("average_precision"):
        effects = precision_effects(ours) - precision_effects(theirs)
        gap = sk.average_precision_score(ours.true, ours.score) - sk.average_precision_score(theirs.true, theirs.score)
        error = jackknife_error(effects, 2)
        found["average_precision"] = wald_difference(gap, 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    for name in ("log_loss", "brier"):
        if defined(name):
            found[name] = t_difference(row_losses(ours, name) - row_losses(theirs, name), confidence)
    if defined("ece"):
        found["ece"] = calibration_difference((ours.true, ours.score), (theirs.true, theirs.score), confidence, rng)
    return found


def design(name, rows, value):
    if name == "roc_auc":
        return Design("share", weighted_area(rows.true == 1, rows.score), trials=[rows.true == label for label in (0, 1)])
    if name == "average_precision":
        return Design("share", precision_steps(rows.true, rows.score))
    if name == "ece":
        return calibration_design((rows.true, rows.score))
    return loss_design(row_losses(rows, name), value)
