"""Several classes: scikit-learn's values, with the rules by which Refline says "undefined"."""

import numpy as np
from sklearn import metrics as sk

from areas import several, several_effects, several_value
from binary import jackknife_estimate
from counts import count_differences, count_intervals, count_values
from designs import Design
from intervals import complex_step, jackknife_error, t_difference, wald_difference
from losses import OUTSIDE, calibration_design, calibration_difference, calibration_error, calibration_estimate, log_loss, loss_design, loss_estimate
from shares import resampled_shares, share_differences, share_intervals, share_values

NO_PROBABILITIES = "the file has no probabilities"
UNEVEN = "the probabilities of a row do not sum to 1"
AREAS = ("roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "roc_auc_ovo_weighted")


def row_losses(rows, name):
    if name == "brier":
        squares = ((rows.probabilities - (rows.true[:, None] == np.arange(rows.width))) ** 2).sum(axis=1)
        return squares / 2 if rows.width == 2 else squares
    return -np.log(np.clip(rows.probabilities[np.arange(rows.n), rows.true], rows.eps, 1 - rows.eps))


def claims(rows):
    likeliest = rows.probabilities.argmax(axis=1)
    return (likeliest == rows.true).astype(int), rows.probabilities.max(axis=1)


def uneven(rows):
    return None if np.allclose(1, rows.probabilities.sum(axis=1)) else UNEVEN


def no_probabilities(rows):
    if rows.probabilities is None:
        return NO_PROBABILITIES
    return OUTSIDE if (rows.probabilities < 0).any() or (rows.probabilities > 1).any() else uneven(rows)


def no_areas(rows):
    if rows.probabilities is None:
        return NO_PROBABILITIES
    found = np.bincount(rows.true, minlength=rows.width)
    return "a class has no row, or every row" if (found == 0).any() or (found == rows.n).any() else uneven(rows)


def values(rows):
    found = {**count_values("multiclass", rows), **share_values("multiclass", rows)}
    rule, labels, weights = no_probabilities(rows), range(rows.width), rows.weights
    if rule is None:
        found["log_loss"] = log_loss(rows, rows.probabilities, labels), None
        found["brier"] = sk.brier_score_loss(rows.true, rows.probabilities, labels=labels, sample_weight=weights), None
        found["ece"] = calibration_error(*claims(rows), rows.w), None
    else:
        found |= {name: (None, rule) for name in ("log_loss", "brier", "ece")}
    rule = no_areas(rows)
    return {**found, **{name: (None, rule) if rule else (several_value(name, rows), None) for name in AREAS}}


def area_effects(rows):
    found = several_effects(rows)
    if rows.n <= 60:
        # Both restatements have to agree before either judges.
        for name, effects in found.items():
            assert np.allclose(effects, complex_step(several(name, rows), rows.w), rtol=0, atol=1e-13), name
    return found


def intervals(rows, confidence, rng, found):
    made = {**count_intervals("multiclass", rows, confidence, rng, found), **share_intervals("multiclass", rows, confidence, found)}
    defined = {name: value for name, (value, rule) in found.items() if rule is None}
    for name in ("log_loss", "brier"):
        if name in defined:
            made[name] = loss_estimate(row_losses(rows, name), confidence, defined[name])
    if "ece" in defined:
        made["ece"] = calibration_estimate(claims(rows), defined["ece"], confidence, rng)
    if "roc_auc_ovr" in defined:
        effects = area_effects(rows)
        made |= {name: jackknife_estimate(effects[name], defined[name], confidence) for name in AREAS}
    return made


def differences(ours, theirs, confidence, rng, defined):
    found = count_differences("multiclass", ours, theirs, confidence, rng, defined, resampled_shares("multiclass", ours.classes))
    found |= share_differences("multiclass", ours, theirs, confidence, defined)
    for name in ("log_loss", "brier"):
        if defined(name):
            found[name] = t_difference(row_losses(ours, name) - row_losses(theirs, name), confidence)
    if defined("ece"):
        found["ece"] = calibration_difference(claims(ours), claims(theirs), confidence, rng)
    if defined("roc_auc_ovr"):
        first, second = area_effects(ours), area_effects(theirs)
        for name in AREAS:
            error = jackknife_error(first[name] - second[name], 2)
            gap = several_value(name, ours) - several_value(name, theirs)
            found[name] = wald_difference(gap, 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    return found


def design(name, rows, value):
    if name in AREAS:
        each = [rows.true == one for one in range(rows.width)]
        return Design("share", several(name, rows), trials=each, clustered="ovr" in name)
    return calibration_design(claims(rows)) if name == "ece" else loss_design(row_losses(rows, name), value)
