"""All estimates and differences of a task: by the plain formulas where rows count alike and are independent, by designs.py where they do not."""

import numpy as np
from scipy import stats

import binary
import designs
import multiclass
import regression
from counts import counts_of
from figures import Difference, Estimate
from intervals import CONSTANT, power_of, wald_difference
from rows import NO_WEIGHT
from shares import Share, shares_of

TASKS = {"binary": binary, "multiclass": multiclass, "regression": regression}
SPANS = {"mcc": "correlation", "cohen_kappa": "correlation"}


def share_design(share, rows):
    trials = share.trials(rows)
    hits = trials & share.hits(rows)
    return designs.Design("proportion", lambda weights: (weights * hits).sum(axis=-1) / (weights * trials).sum(axis=-1), trials=[trials])


def count_design(name, many, rows):
    k = rows.width
    cells = (rows.true * k + rows.predicted)[:, None] == np.arange(k * k)
    return designs.Design(SPANS.get(name, "share"), lambda weights: many((weights @ cells).reshape(-1, k, k)).reshape(weights.shape[:-1]))


def design_of(task, name, rows, value):
    if task != "regression":
        for count, _, many in counts_of(task, rows.classes):
            if count == name:
                return count_design(name, many, rows)
        share = shares_of(task, rows.classes).get(name)
        if share is not None:
            return share_design(share, rows)
    return TASKS[task].design(name, rows, value)


class Model:
    """One model's figures on rows that have been weighed. `draws` of clusters are those of the other model where there is one."""

    def __init__(self, task, rows, confidence, robust, rng, draws=None):
        self.task, self.rows = task, rows
        self.draws = draws or (designs.Draws(rows, rng) if rows.clusters is not None and rows.n > 0 and not robust else None)
        if rows.n == 0:
            self.found, self.values = None, {}
            return
        self.values = TASKS[task].values(rows)
        if rows.designed:
            # The calibration error is always bootstrapped.
            made = {
                name: designs.estimate(design_of(task, name, rows, value), rows, value, confidence, self.draws_of(name, rng), robust and name != "ece", rng)
                for name, (value, rule) in self.values.items()
                if rule is None
            }
        else:
            made = TASKS[task].intervals(rows, confidence, rng, self.values)
        self.found = {name: Estimate(rule=rule) if rule else made[name] for name, (_, rule) in self.values.items()}

    def draws_of(self, name, rng):
        if self.draws is None and name == "ece" and self.rows.clusters is not None:
            self.draws = designs.Draws(self.rows, rng)
        return self.draws

    def estimates(self, names):
        return {name: Estimate(rule=NO_WEIGHT) for name in names} if self.found is None else self.found


def differences_of(task, ours, theirs, confidence, robust, rng):
    """Metric by metric where both models have a value."""
    both = lambda name: all(model.found[name].rule is None for model in (ours, theirs))
    if ours.found is None:
        return {}
    if not ours.rows.designed:
        return TASKS[task].differences(ours.rows, theirs.rows, confidence, rng, both)
    found = {}
    shares = {} if task == "regression" else shares_of(task, ours.rows.classes)
    for name in filter(both, ours.found):
        pair = [design_of(task, name, model.rows, model.values[name][0]) for model in (ours, theirs)]
        share = shares.get(name)
        discordance = share.discordant(ours.rows, theirs.rows) if isinstance(share, Share) and share.among != "predicted" else None
        gap = ours.values[name][0] - theirs.values[name][0]
        draws = ours.draws_of(name, rng)
        found[name] = designs.difference(pair, ours.rows, theirs.rows, gap, discordance, confidence, draws, robust and name != "ece", rng)
    return found


# Of two independent samples: the same figures as if the models had been given other rows.
INDEPENDENT = {
    "binary": ("accuracy", "recall", "false_positive_rate", "precision", "roc_auc", "average_precision", "log_loss", "brier"),
    "multiclass": ("accuracy", "log_loss", "brier", "roc_auc_ovr", "roc_auc_ovo_weighted"),
    "regression": ("mae", "mse", "rmse", "r2", "median_ae"),
}


def mover(one, low, high, other, other_low, other_high):
    gap = one - other
    return gap - np.hypot(one - low, other_high - other), gap + np.hypot(high - one, other - other_low)


def independent(ours, theirs, confidence):
    """Method 10 of Newcombe (1998) where either is a share of right rows, else the squares of the standard errors added up."""
    limits = ours.limits(), theirs.limits()
    if None in limits:
        return Difference("one of the two has no interval", CONSTANT, CONSTANT, CONSTANT)
    gap, error = ours.value - theirs.value, np.hypot(ours.spread, theirs.spread)
    if not (ours.wilson or theirs.wilson):
        return wald_difference(gap, error, confidence, error == 0)
    interval = mover(ours.value, *limits[0], theirs.value, *limits[1])
    if error == 0:
        return Difference(interval, CONSTANT, CONSTANT, CONSTANT)
    return Difference(interval, 2 * stats.norm.sf(abs(gap / error)), gap / error, power_of(confidence) * error)
