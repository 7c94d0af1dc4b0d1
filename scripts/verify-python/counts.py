"""Metrics of confusion counts: scikit-learn's value on the rows, and the same on many tables C[table, true, predicted] at once (of counts or weights, real or complex)."""

import numpy as np
from sklearn import metrics as sk

from figures import Estimate
from resampling import Resampled, draw_cells

NO_PREDICTION = "the file has neither predictions nor probabilities to make them from"
ONE_CLASS = "every row has the same label"


def parts(C):
    return np.diagonal(C, axis1=1, axis2=2), C.sum(axis=2), C.sum(axis=1)


def many_balanced(C):
    hit, labelled, _ = parts(C)
    present = labelled.real > 0
    return np.where(present, hit / labelled, 0).sum(axis=1) / np.where(present.sum(axis=1) < 2, np.nan, present.sum(axis=1))


def many_matthews(C):
    hit, labelled, called = parts(C)
    n = C.sum(axis=(1, 2))
    one = lambda margin: (margin.real == n.real[:, None]).any(axis=1)
    scale = np.sqrt((n**2 - (labelled**2).sum(axis=1)) * (n**2 - (called**2).sum(axis=1)))
    return np.where(one(labelled) | one(called), np.nan, (n * hit.sum(axis=1) - (labelled * called).sum(axis=1)) / scale)


def many_kappa(C):
    hit, labelled, called = parts(C)
    n = C.sum(axis=(1, 2))
    chance = (labelled * called).sum(axis=1)
    certain = ((labelled.real == n.real[:, None]) & (called.real == n.real[:, None])).any(axis=1)
    return np.where(certain, np.nan, (hit.sum(axis=1) / n - chance / n**2) / (1 - chance / n**2))


def many_of_class(part, k):
    def of(C):
        hit, labelled, called = (each[:, k] for each in parts(C))
        return {"precision": hit / called, "recall": hit / labelled, "f1": 2 * hit / (labelled + called)}[part]

    return of


def many_averaged(part, average):
    def of(C):
        hit, labelled, called = parts(C)
        if average == "micro":
            return hit.sum(axis=1) / C.sum(axis=(1, 2))
        each = {"precision": hit / called, "recall": hit / labelled, "f1": 2 * hit / (labelled + called)}[part]
        weight = labelled if average == "weighted" else np.ones_like(labelled)
        weight = np.where((labelled + called).real == 0, 0, weight)
        return np.where(weight.real > 0, weight * each, 0).sum(axis=1) / weight.sum(axis=1)

    return of


def balanced_of(rows):
    if len(np.unique(rows.true)) < 2:
        return None, ONE_CLASS
    return sk.balanced_accuracy_score(rows.true, rows.predicted, sample_weight=rows.weights), None


def matthews_of(rows):
    if len(np.unique(rows.true)) < 2 or len(np.unique(rows.predicted)) < 2:
        return None, "every row has the same label or the same prediction"
    return sk.matthews_corrcoef(rows.true, rows.predicted, sample_weight=rows.weights), None


def kappa_of(rows):
    if len(np.unique([*rows.true, *rows.predicted])) < 2:
        return None, "every row has the same label and prediction"
    return sk.cohen_kappa_score(rows.true, rows.predicted, sample_weight=rows.weights), None


def f1_of(k):
    def of(rows):
        if not (rows.true == k).any() and not (rows.predicted == k).any():
            return None, "no row is labelled or predicted as this class"
        return sk.f1_score(rows.true, rows.predicted, labels=[k], average="macro", sample_weight=rows.weights), None

    return of


def averaged_of(part, average):
    score = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[part]

    def of(rows):
        labelled, called = set(rows.true), set(rows.predicted)
        if average != "micro" and part == "precision" and labelled - called:
            return None, "a labelled class is never predicted: 0 / 0, which scikit-learn calls 0"
        if average == "macro" and part == "recall" and called - labelled:
            return None, "a predicted class has no labelled row: 0 / 0, which scikit-learn calls 0"
        return score(rows.true, rows.predicted, average=average, sample_weight=rows.weights), None

    return of


AVERAGED = [(f"{part}_{average}", averaged_of(part, average), many_averaged(part, average)) for average in ("macro", "weighted", "micro") for part in ("precision", "recall", "f1")]
BOTH = [("balanced_accuracy", balanced_of, many_balanced), ("mcc", matthews_of, many_matthews), ("cohen_kappa", kappa_of, many_kappa)]
# Of so many classes each has its own precision, recall and F1 compared too.
SINGLE = 2


def counts_of(task, classes):
    if task == "binary":
        return [*BOTH, ("f1", f1_of(1), many_of_class("f1", 1))]
    return [*BOTH, *AVERAGED, *((f"f1[{name}]", f1_of(k), many_of_class("f1", k)) for k, name in enumerate(classes[:SINGLE]))]


def observed(rows):
    table = np.zeros((1, rows.width, rows.width))
    np.add.at(table[0], (rows.true, rows.predicted), rows.w)
    return table


def count_values(task, rows):
    found = {}
    for name, value_of, many in counts_of(task, rows.classes):
        value, rule = (None, NO_PREDICTION) if rows.predicted is None else value_of(rows)
        if rule is None:
            # Both restatements have to agree before either judges.
            again = many(observed(rows))[0]
            assert abs(again - value) < 1e-9, (name, again, value)
        found[name] = value, rule
    return found


def count_intervals(task, rows, confidence, rng, values):
    if rows.predicted is None:
        return {}
    tables = draw_cells(rows.true * rows.width + rows.predicted, rows.width**2, rng).reshape(-1, rows.width, rows.width)
    found = {}
    for name, _, many in counts_of(task, rows.classes):
        value, rule = values[name]
        if rule is None:
            resampled = Resampled(many(tables))
            found[name] = Estimate(value, resampled.interval(confidence), error=resampled.error(rare=1.0))
    return found


def count_differences(task, ours, theirs, confidence, rng, defined, extra=()):
    entries = [(name, many) for name, _, many in counts_of(task, ours.classes)]
    entries = [entry for entry in [*entries, *extra] if defined(entry[0])]
    if not entries:
        return {}
    k = ours.width
    drawn = draw_cells((ours.true * k + ours.predicted) * k + theirs.predicted, k**3, rng).reshape(-1, k, k, k)
    first, second = drawn.sum(axis=3), drawn.sum(axis=2)
    return {name: Resampled(many(first) - many(second)).difference(confidence, rare=2.0) for name, many in entries}
