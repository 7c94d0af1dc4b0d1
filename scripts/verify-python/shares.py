"""Shares of rows: right ones of all, of those labelled or of those predicted as one class."""

import numpy as np
from sklearn import metrics as sk

from counts import NO_PREDICTION, SINGLE, many_of_class
from figures import Estimate
from intervals import proportion_difference, wilson

EMPTY = "no row is in the denominator"


class Share:
    """`among`: all, labelled, predicted; `wrong`: the share of wrong ones."""

    def __init__(self, among, k=None, wrong=False):
        self.among, self.k, self.wrong = among, k, wrong

    def trials(self, rows):
        return np.full(rows.n, True) if self.among == "all" else (rows.true if self.among == "labelled" else rows.predicted) == self.k

    def hits(self, rows):
        return (rows.predicted == rows.true) != self.wrong

    def value(self, rows):
        if rows.predicted is None:
            return None, NO_PREDICTION
        if not self.trials(rows).any():
            return None, EMPTY
        if self.among == "all":
            return sk.accuracy_score(rows.true, rows.predicted, sample_weight=rows.weights), None
        score = sk.recall_score if self.among == "labelled" else sk.precision_score
        found = score(rows.true, rows.predicted, labels=[self.k], average="macro", sample_weight=rows.weights)
        if self.wrong:
            table = sk.confusion_matrix(rows.true == self.k, rows.predicted == self.k, labels=[False, True], sample_weight=rows.weights)
            assert abs(1 - found - table[1, 0] / table[1].sum()) < 1e-12
            found = table[1, 0] / table[1].sum()
        return found, None

    def discordant(self, ours, theirs):
        """Rows for which only one of the two has a hit; and the rows of the denominator."""
        of = self.trials(ours)
        now, before = self.hits(ours) & of, self.hits(theirs) & of
        return now & ~before, before & ~now, of


def shares_of(task, classes):
    if task == "binary":
        return {
            "accuracy": Share("all"),
            "recall": Share("labelled", 1),
            "specificity": Share("labelled", 0),
            "false_positive_rate": Share("labelled", 0, True),
            "precision": Share("predicted", 1),
            "negative_predictive_value": Share("predicted", 0),
        }
    single = {f"{part}[{name}]": Share(among, k) for k, name in enumerate(classes[:SINGLE]) for part, among in (("recall", "labelled"), ("precision", "predicted"))}
    return {"accuracy": Share("all"), **single}


def share_values(task, rows):
    return {name: share.value(rows) for name, share in shares_of(task, rows.classes).items()}


def share_intervals(task, rows, confidence, values):
    found = {}
    for name, share in shares_of(task, rows.classes).items():
        value, rule = values[name]
        if rule is None:
            trials = share.trials(rows)
            hits, n = int((share.hits(rows) & trials).sum()), int(trials.sum())
            found[name] = Estimate(value, wilson(hits, n, confidence), spread=np.sqrt(value * (1 - value) / n), wilson=True)
    return found


def share_differences(task, ours, theirs, confidence, defined):
    found = {}
    for name, share in shares_of(task, ours.classes).items():
        if share.among != "predicted" and defined(name):
            found[name] = proportion_difference(*(int(each.sum()) for each in share.discordant(ours, theirs)), confidence)
    return found


def resampled_shares(task, classes):
    """Those whose denominator depends on the model: compared by a bootstrap of tables."""
    return [(name, many_of_class("precision", share.k)) for name, share in shares_of(task, classes).items() if share.among == "predicted"]
