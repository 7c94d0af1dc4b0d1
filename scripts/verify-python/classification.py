"""Classification: scikit-learn's values, and the rules by which Refline says "undefined" where scikit-learn says 0 or nan."""

import math

import numpy as np
from sklearn import metrics as sk

from figures import Estimate
from intervals import (
    CONSTANT,
    ONE_ROW,
    DeLong,
    complex_step,
    does_not_vary,
    jackknife_error,
    proportion_difference,
    share_interval,
    t_difference,
    t_interval,
    wald_difference,
    wilson,
)
from resampling import Resampled, draw_cells

NO_PREDICTION = "the file has neither predictions nor probabilities to make them from"
NO_PROBABILITIES = "the file has no probabilities"
OUTSIDE = "scores outside [0, 1] are no probabilities"
ONE_CLASS = "every row has the same label"
BINS = 15


class Rows:
    """One model on the holdout: true and predicted class numbers, scores of the positive class or probabilities of every class."""

    def __init__(self, width, true, predicted=None, score=None, probabilities=None):
        self.width, self.true, self.predicted, self.score, self.probabilities = width, true, predicted, score, probabilities
        self.n = len(true)

    def part(self, rows):
        at = lambda column: None if column is None else column[rows]
        return Rows(self.width, self.true[rows], at(self.predicted), at(self.score), at(self.probabilities))


# Metrics of confusion counts C[resample, true, predicted]: first scikit-learn's value on the rows, then the same on many tables at once.


def parts(C):
    return np.diagonal(C, axis1=1, axis2=2), C.sum(axis=2), C.sum(axis=1)


def many_balanced(C):
    hit, labelled, _ = parts(C)
    recall = hit / labelled
    found = np.nanmean(np.where(labelled > 0, recall, np.nan), axis=1)
    return np.where((labelled > 0).sum(axis=1) < 2, np.nan, found)


def many_matthews(C):
    hit, labelled, called = parts(C)
    n = C.sum(axis=(1, 2))
    scale = np.sqrt((n**2 - (labelled**2).sum(axis=1)) * (n**2 - (called**2).sum(axis=1)))
    return np.where(scale == 0, np.nan, (n * hit.sum(axis=1) - (labelled * called).sum(axis=1)) / scale)


def many_f1(C):
    return 2 * C[:, 1, 1] / (2 * C[:, 1, 1] + C[:, 0, 1] + C[:, 1, 0])


def many_precision(C):
    return C[:, 1, 1] / (C[:, 1, 1] + C[:, 0, 1])


def many_averaged(part, average):
    def of(C):
        hit, labelled, called = parts(C)
        if average == "micro":
            return hit.sum(axis=1) / C.sum(axis=(1, 2))
        each = {"precision": hit / called, "recall": hit / labelled, "f1": 2 * hit / (labelled + called)}[part]
        weight = labelled if average == "weighted" else np.ones_like(labelled)
        weight = np.where(labelled + called == 0, 0, weight)
        return np.where(weight > 0, weight * each, 0).sum(axis=1) / weight.sum(axis=1)

    return of


def balanced_of(rows):
    return (None, ONE_CLASS) if len(np.unique(rows.true)) < 2 else (sk.balanced_accuracy_score(rows.true, rows.predicted), None)


def matthews_of(rows):
    if len(np.unique(rows.true)) < 2 or len(np.unique(rows.predicted)) < 2:
        return None, "every row has the same label or the same prediction"
    return sk.matthews_corrcoef(rows.true, rows.predicted), None


def f1_of(rows):
    if not rows.true.any() and not rows.predicted.any():
        return None, "no row is labelled or predicted positive"
    return sk.f1_score(rows.true, rows.predicted, labels=[1], average="macro"), None


def averaged_of(part, average):
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[part]

    def of(rows):
        labelled, called = set(rows.true), set(rows.predicted)
        if average != "micro" and part == "precision" and labelled - called:
            return None, "a labelled class is never predicted: 0 / 0, which scikit-learn calls 0"
        if average == "macro" and part == "recall" and called - labelled:
            return None, "a predicted class has no labelled row: 0 / 0, which scikit-learn calls 0"
        return score(rows.true, rows.predicted, average=average), None

    return of


AVERAGED = [(f"{part}_{average}", averaged_of(part, average), many_averaged(part, average)) for average in ("macro", "weighted", "micro") for part in ("precision", "recall", "f1")]
COUNTS = {
    "binary": [("balanced_accuracy", balanced_of, many_balanced), ("f1", f1_of, many_f1), ("mcc", matthews_of, many_matthews)],
    "multiclass": [("balanced_accuracy", balanced_of, many_balanced), ("mcc", matthews_of, many_matthews), *AVERAGED],
}


def count_estimates(task, rows, confidence, tables):
    """`tables` are resampled confusion counts."""
    found = {}
    for name, value_of, many in COUNTS[task]:
        if rows.predicted is None:
            found[name] = Estimate(rule=NO_PREDICTION)
            continue
        value, rule = value_of(rows)
        if rule is None:
            observed = np.zeros((1, rows.width, rows.width))
            np.add.at(observed[0], (rows.true, rows.predicted), 1)
            # Both restatements have to agree before either judges.
            assert abs(many(observed)[0] - value) < 1e-9, (name, many(observed)[0], value)
            resampled = Resampled(many(tables))
            found[name] = Estimate(value, resampled.interval(confidence), error=resampled.error(rare=1.0))
        else:
            found[name] = Estimate(rule=rule)
    return found


def tables_of(rows, rng):
    if rows.predicted is None:
        return None
    return draw_cells(rows.true * rows.width + rows.predicted, rows.width**2, rng).reshape(-1, rows.width, rows.width)


def paired_tables(ours, theirs, rng):
    k = ours.width
    drawn = draw_cells((ours.true * k + ours.predicted) * k + theirs.predicted, k**3, rng).reshape(-1, k, k, k)
    return drawn.sum(axis=3), drawn.sum(axis=2)


def proportion(successes, trials, confidence, rule):
    return Estimate(rule=rule) if trials == 0 else Estimate(successes / trials, wilson(successes, trials, confidence))


def accuracy(rows, confidence):
    if rows.predicted is None:
        return Estimate(rule=NO_PREDICTION)
    right = sk.accuracy_score(rows.true, rows.predicted, normalize=False)
    return Estimate(sk.accuracy_score(rows.true, rows.predicted), wilson(right, rows.n, confidence))


def loss_estimate(losses, confidence, value):
    if isinstance(losses, str):
        return Estimate(rule=losses)
    interval = ONE_ROW if len(losses) < 2 else CONSTANT if does_not_vary(losses) else t_interval(losses, confidence)
    return Estimate(value, interval if isinstance(interval, str) else (max(0.0, interval[0]), interval[1]))


# Binary


def area_estimate(rows, confidence):
    rule = None if 0 < rows.true.sum() < rows.n else "every row is of one class"
    if rule:
        return Estimate(rule=rule)
    value = sk.roc_auc_score(rows.true, rows.score)
    found = DeLong(rows.true == 1, rows.score)
    if found.few:
        return Estimate(value, "a class has a single row")
    if found.auc in (0, 1) and found.flat:
        fewer = min(found.m, found.n)
        return Estimate(value, wilson(int(found.auc) * fewer, fewer, confidence))
    return Estimate(value, share_interval(found.auc, found.error(), confidence))


def precision_steps(true, score):
    """Average precision of weighted rows as a function of the weights, which may be complex."""
    order = np.argsort(-score, kind="stable")
    sorted_score, positive = score[order], true[order] == 1
    ends = np.append(np.flatnonzero(np.diff(sorted_score)), len(score) - 1)

    def of(weights):
        sorted_weights = weights[..., order]
        hits = np.cumsum(sorted_weights * positive, axis=-1)[..., ends]
        all_above = np.cumsum(sorted_weights, axis=-1)[..., ends]
        return (np.diff(hits, prepend=0, axis=-1) * hits / all_above).sum(axis=-1) / hits[..., -1]

    return of


def average_precision_effects(rows):
    return complex_step(precision_steps(rows.true, rows.score), rows.n)


def binary_losses(rows):
    if (rows.score < 0).any() or (rows.score > 1).any():
        return {"log_loss": OUTSIDE, "brier": OUTSIDE}
    clipped = np.clip(np.column_stack([1 - rows.score, rows.score]), np.finfo(float).eps, 1 - np.finfo(float).eps)
    log_losses = -np.log(clipped[np.arange(rows.n), rows.true]) if len(np.unique(rows.true)) == 2 else ONE_CLASS
    return {"log_loss": log_losses, "brier": (rows.true - rows.score) ** 2}


EDGES = np.arange(BINS + 1) / BINS


def bin_of(score):
    return np.minimum(np.searchsorted(EDGES, score, side="right") - 1, BINS - 1)


def calibration_error(true, score):
    """sum over bins of |sum of (label - score)| / n, bins [k / 15, (k + 1) / 15)."""
    return sum(abs((true - score)[bin_of(score) == k].sum()) for k in range(BINS)) / len(true)


def resampled_calibration(models, rng):
    """As Refline documents its bootstrap: cells of label and bins are multinomial, the sum of gaps within a cell is normal with the cell's moments."""
    true = models[0].true
    bins = [bin_of(rows.score) for rows in models]
    key = true
    for each in bins:
        key = key * BINS + each
    cells, codes = np.unique(key, return_inverse=True)
    sizes = draw_cells(codes, len(cells), rng)
    sums = [np.zeros((len(sizes), BINS)) for _ in models]
    for cell in range(len(cells)):
        inside = codes == cell
        gaps = np.stack([(true - rows.score)[inside] for rows in models])
        covariance = np.atleast_2d(np.cov(gaps, bias=True))
        noise = rng.multivariate_normal(np.zeros(len(models)), covariance, size=len(sizes), method="eigh")
        for model, each in enumerate(bins):
            size = sizes[:, cell]
            sums[model][:, each[inside][0]] += size * gaps[model].mean() + np.sqrt(size) * noise[:, model]
    return [np.abs(each).sum(axis=1) / len(true) for each in sums]


def calibration_estimate(rows, confidence, rng):
    if (rows.score < 0).any() or (rows.score > 1).any():
        return Estimate(rule=OUTSIDE)
    value = calibration_error(rows.true, rows.score)
    resampled = Resampled(resampled_calibration([rows], rng)[0])
    spread = resampled.values.std()
    options = {"shift": resampled.values.mean() - value, "slack": 5 * spread * math.sqrt(resampled.share)}
    low, high = resampled.interval(confidence, **options)
    low = {**low, "from": max(0.0, low["from"]) - 1e-12, "to": max(0.0, low["to"]) + 1e-12}
    high = {**high, "from": min(1.0, high["from"]) - 1e-12, "to": min(1.0, high["to"]) + 1e-12}
    return Estimate(value, (low, high), error=resampled.error())


def binary_estimates(rows, confidence, rng):
    true, n = rows.true, rows.n
    found = count_estimates("binary", rows, confidence, tables_of(rows, rng))
    found["accuracy"] = accuracy(rows, confidence)
    hit = rows.predicted == true
    found["recall"] = proportion(int(hit[true == 1].sum()), int((true == 1).sum()), confidence, "no row has the positive label")
    found["specificity"] = proportion(int(hit[true == 0].sum()), int((true == 0).sum()), confidence, "every row has the positive label")
    called = rows.predicted == 1
    found["precision"] = proportion(int(true[called].sum()), int(called.sum()), confidence, "no row is predicted positive")
    for name, label in (("recall", 1), ("specificity", 0)):
        if found[name].rule is None:
            assert found[name].value == sk.recall_score(true, rows.predicted, pos_label=label)
    if found["precision"].rule is None:
        assert found["precision"].value == sk.precision_score(true, rows.predicted)
    found["roc_auc"] = area_estimate(rows, confidence)
    if true.any():
        value = sk.average_precision_score(true, rows.score)
        error = jackknife_error(average_precision_effects(rows), 1)
        found["average_precision"] = Estimate(value, error if isinstance(error, str) else share_interval(value, error, confidence))
    else:
        found["average_precision"] = Estimate(rule="no row has the positive label")
    losses = binary_losses(rows)
    defined = lambda name, value_of: None if isinstance(losses[name], str) else value_of()
    found["log_loss"] = loss_estimate(losses["log_loss"], confidence, defined("log_loss", lambda: sk.log_loss(true, rows.score, labels=[0, 1])))
    found["brier"] = loss_estimate(losses["brier"], confidence, defined("brier", lambda: sk.brier_score_loss(true, rows.score, labels=[0, 1])))
    found["ece"] = calibration_estimate(rows, confidence, rng)
    return found


def discordant(ours, theirs, label=None):
    of = slice(None) if label is None else ours.true == label
    now, before = (ours.predicted == ours.true)[of], (theirs.predicted == theirs.true)[of]
    return int((now & ~before).sum()), int((before & ~now).sum()), len(now)


def count_differences(task, ours, theirs, confidence, rng, defined, extra=()):
    names = [entry for entry in [*COUNTS[task], *extra] if defined(entry[0])]
    if not names:
        return {}
    first, second = paired_tables(ours, theirs, rng)
    return {name: Resampled(many(first) - many(second)).difference(confidence, rare=2.0) for name, _, many in names}


def binary_differences(ours, theirs, confidence, rng, defined):
    found = count_differences("binary", ours, theirs, confidence, rng, defined, [("precision", None, many_precision)])
    for name, label in (("accuracy", None), ("recall", 1), ("specificity", 0)):
        if defined(name):
            found[name] = proportion_difference(*discordant(ours, theirs, label), confidence)
    if defined("roc_auc"):
        first, second = (DeLong(rows.true == 1, rows.score) for rows in (ours, theirs))
        found["roc_auc"] = first.difference(second, confidence)
    if defined("average_precision"):
        effects = average_precision_effects(ours) - average_precision_effects(theirs)
        gap = sk.average_precision_score(ours.true, ours.score) - sk.average_precision_score(theirs.true, theirs.score)
        error = jackknife_error(effects, 2)
        found["average_precision"] = wald_difference(gap, 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    for name in ("log_loss", "brier"):
        if defined(name):
            found[name] = t_difference(binary_losses(ours)[name] - binary_losses(theirs)[name], confidence)
    if defined("ece"):
        first, second = resampled_calibration([ours, theirs], rng)
        found["ece"] = Resampled(first - second).difference(confidence)
    return found


# Multiclass


def multiclass_losses(rows):
    if rows.probabilities is None:
        return NO_PROBABILITIES
    if (rows.probabilities < 0).any() or (rows.probabilities > 1).any():
        return OUTSIDE
    if (np.abs(rows.probabilities.sum(axis=1) - 1) > 1e-5).any():
        return "the probabilities of a row do not sum to 1"
    eps = np.finfo(float).eps
    return -np.log(np.clip(rows.probabilities[np.arange(rows.n), rows.true], eps, 1 - eps))


def rest_rule(rows):
    if rows.probabilities is None:
        return NO_PROBABILITIES
    found = np.bincount(rows.true, minlength=rows.width)
    if (found == 0).any() or (found == rows.n).any():
        return "a class has no row, or every row"
    return None if np.allclose(rows.probabilities.sum(axis=1), 1) else "the probabilities of a row do not sum to 1"


def weighted_area(positive, score):
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    sorted_positive = positive[order]

    def of(weights):
        sorted_weights = weights[..., order]
        tied_positive = np.add.reduceat(sorted_weights * sorted_positive, starts, axis=-1)
        tied_negative = np.add.reduceat(sorted_weights * ~sorted_positive, starts, axis=-1)
        below = np.cumsum(tied_negative, axis=-1) - tied_negative
        return (tied_positive * (below + tied_negative / 2)).sum(axis=-1) / tied_positive.sum(axis=-1) / tied_negative.sum(axis=-1)

    return of


def rest_value(rows):
    """scikit-learn's own multiclass function demands rows that sum to 1; the mean of its binary areas is the same and does not."""
    each = [sk.roc_auc_score(rows.true == k, rows.probabilities[:, k]) for k in range(rows.width)]
    found = sum(each) / rows.width
    if rows.width > 2 and np.allclose(rows.probabilities.sum(axis=1), 1):
        assert abs(found - sk.roc_auc_score(rows.true, rows.probabilities, multi_class="ovr", labels=range(rows.width))) < 1e-12
    return found


def rest_effects(rows):
    areas = [weighted_area(rows.true == k, rows.probabilities[:, k]) for k in range(rows.width)]
    return complex_step(lambda weights: sum(area(weights) for area in areas) / rows.width, rows.n)


def multiclass_estimates(rows, confidence, rng):
    found = count_estimates("multiclass", rows, confidence, tables_of(rows, rng))
    found["accuracy"] = accuracy(rows, confidence)
    losses = multiclass_losses(rows)
    value = None
    if not isinstance(losses, str):
        value = sk.log_loss(rows.true, rows.probabilities, labels=range(rows.width))
    found["log_loss"] = loss_estimate(losses, confidence, value)
    rule = rest_rule(rows)
    if rule:
        found["roc_auc_ovr"] = Estimate(rule=rule)
    else:
        value = rest_value(rows)
        error = jackknife_error(rest_effects(rows), 1)
        found["roc_auc_ovr"] = Estimate(value, error if isinstance(error, str) else share_interval(value, error, confidence))
    return found


def multiclass_differences(ours, theirs, confidence, rng, defined):
    found = count_differences("multiclass", ours, theirs, confidence, rng, defined)
    if defined("accuracy"):
        found["accuracy"] = proportion_difference(*discordant(ours, theirs), confidence)
    if defined("log_loss"):
        found["log_loss"] = t_difference(multiclass_losses(ours) - multiclass_losses(theirs), confidence)
    if defined("roc_auc_ovr"):
        error = jackknife_error(rest_effects(ours) - rest_effects(theirs), 2)
        gap = rest_value(ours) - rest_value(theirs)
        found["roc_auc_ovr"] = wald_difference(gap, 0 if isinstance(error, str) else error, confidence, isinstance(error, str))
    return found
