"""Fairness between groups: values by fairlearn, intervals from the groups' own limits by Newcombe (1998) and by Donner and Zou (2012), in 40-digit decimals."""

import itertools
import math
import warnings
from decimal import Decimal

import fairlearn.metrics as fl
import numpy as np

import designs
from estimates import mover, share_design
from figures import Estimate
from intervals import wilson
from rows import NO_WEIGHT, Rows
from shares import EMPTY, Share

RATES = {
    "selection_rate": (Share("all"), fl.selection_rate),
    "true_positive_rate": (Share("labelled", 1), fl.true_positive_rate),
    "false_positive_rate": (Share("labelled", 0, True), fl.false_positive_rate),
    "positive_predictive_value": (Share("predicted", 1), None),
    "accuracy": (Share("all"), None),
}
MEASURES = {
    "demographic_parity": (["selection_rate"], fl.demographic_parity_difference, fl.demographic_parity_ratio),
    "equalized_odds": (["true_positive_rate", "false_positive_rate"], fl.equalized_odds_difference, fl.equalized_odds_ratio),
    "equal_opportunity": (["true_positive_rate"], fl.equal_opportunity_difference, fl.equal_opportunity_ratio),
    "predictive_parity": (["positive_predictive_value"], None, None),
    "accuracy": (["accuracy"], None, None),
}
FEW = "fewer than two groups have rows enough"
NO_REFERENCE = "the reference group is not there or has too few rows"
NOTHING = "0 / 0: a rate is 0 in all groups"


class Group:
    def __init__(self, rows):
        self.rows = rows.weighing()
        # The share that is called positive is the accuracy where all are positive.
        self.selected = Rows(np.ones(self.rows.n, int), self.rows.predicted, classes=self.rows.classes, weights=self.rows.weights)

    def rate(self, name, confidence):
        """With the rows in the denominator; None of these where it cannot be told."""
        share, _ = RATES[name]
        rows = self.selected if name == "selection_rate" else self.rows
        if rows.n == 0:
            return Estimate(rule=NO_WEIGHT), None
        trials = share.trials(rows)
        support = int(trials.sum())
        value, rule = share.value(rows)
        if rule:
            return Estimate(rule=EMPTY), support
        if rows.designed:
            return designs.estimate(share_design(share, rows), rows, value, confidence, None, False, None), support
        return Estimate(value, wilson(int((trials & share.hits(rows)).sum()), support, confidence)), support


def ratio_limits(one, other):
    """Donner and Zou's limits of one / other, straight from their formula."""
    (t1, l1, u1), (t2, l2, u2) = ([Decimal(float(each)) for each in rate] for rate in (one, other))
    a = t1 * t2
    root = lambda above, below: max(Decimal(0), a * a - above * below).sqrt()
    above, below = l1 * (2 * t1 - l1), u2 * (2 * t2 - u2)
    low = (a - root(above, below)) / below if below != 0 else above / (2 * a)
    above, below = u1 * (2 * t1 - u1), l2 * (2 * t2 - l2)
    high = float((a + root(above, below)) / below) if below > 0 else math.inf
    return max(0.0, float(low)), high


def pair_limits(kind, one, other):
    """Of the gap, whichever of the two is the larger."""
    if kind == "difference":
        low, high = mover(*one, *other)
        return max(0.0, low, -high), min(1.0, max(-low, high))
    if one[0] == 0 and other[0] == 0:
        return 0.0, 1.0
    low, high = ratio_limits(one, other)
    return min(low, 1 / high), 1 / low if low > 1 else min(1.0, high)


def gap_of(kind, values):
    low, high = min(values), max(values)
    return high - low if kind == "difference" else low / high if high > 0 else math.nan


def compared(name, groups, rules, confidence):
    """The groups with rows enough for this rate."""
    kept = {}
    for group, rows in groups.items():
        estimate, support = rows.rate(name, confidence)
        if support is None or support >= rules["min_support"]:
            kept[group] = estimate
    return kept


def pairs_of(kept, reference):
    return list(itertools.combinations(kept, 2)) if reference is None else [(group, reference) for group in kept if group != reference]


def by_fairlearn(measure, kind, rates, whole, column):
    """The largest gap of all groups by fairlearn, where it has the measure and every rate is of the same groups."""
    names, difference, ratio = MEASURES[measure]
    kept = [set(found) for found in rates.values()]
    inside = np.isin(column, list(kept[0]))
    of = difference if kind == "difference" else ratio
    # Where some rate is 0 / 0 fairlearn passes over it.
    unclear = kind == "ratio" and any(max(estimate.value for estimate in found.values()) == 0 for found in rates.values())
    if of is None or unclear or len(names) != len(kept) or any(one != kept[0] for one in kept):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return of(whole.true[inside], whole.predicted[inside], sensitive_features=column[inside], sample_weight=whole.w[inside])


def frames(groups_of, whole, column, confidence):
    """fairlearn's own table of rates has to be the groups' rates."""
    named = {name: rate for name, (_, rate) in RATES.items() if rate is not None}
    table = fl.MetricFrame(metrics=named, y_true=whole.true, y_pred=whole.predicted, sensitive_features=column, sample_params={name: {"sample_weight": whole.w} for name in named}).by_group
    for group, rows in groups_of.items():
        for name in named:
            estimate, _ = rows.rate(name, confidence)
            assert estimate.rule or abs(estimate.value - table.loc[group, name]) < 1e-12, (group, name)


def estimate_of(measure, kind, groups, rules, confidence, whole, column):
    reference = rules["reference"]
    every = {name: compared(name, groups, rules, confidence) for name in MEASURES[measure][0]}
    rates = {name: found for name, found in every.items() if len(found) > 1 or (reference is not None and reference not in found)}
    if not rates:
        return Estimate(rule=FEW)
    for found in rates.values():
        if reference is not None and reference not in found:
            return Estimate(rule=NO_REFERENCE)
        for estimate in found.values():
            if estimate.rule:
                return Estimate(rule=estimate.rule)
    pairs = {name: pairs_of(found, reference) for name, found in rates.items()}
    strict = 1 - (1 - confidence) / sum(map(len, pairs.values()))
    worse = max if kind == "difference" else min
    gaps, near, far = [], [], []
    for name, found in rates.items():
        limits = lambda group, level: (found[group].value, *groups[group].rate(name, level)[0].limits())
        for one, other in pairs[name]:
            plain, wide = (pair_limits(kind, limits(one, level), limits(other, level)) for level in (confidence, strict))
            near.append(wide[0] if kind == "difference" else wide[1])
            far.append(plain[1] if kind == "difference" else plain[0])
            if reference is not None:
                gaps.append(gap_of(kind, [found[one].value, found[other].value]))
        if reference is None:
            gaps.append(gap_of(kind, [estimate.value for estimate in found.values()]))
    if any(map(math.isnan, gaps)):
        return Estimate(rule=NOTHING)
    value = worse(gaps)
    theirs = by_fairlearn(measure, kind, rates, whole, column) if reference is None else None
    if theirs is not None:
        assert abs(theirs - value) < 1e-12, (measure, kind, theirs, value)
        value = theirs
    ends = worse(near), worse(far)
    return Estimate(value, ends if kind == "difference" else ends[::-1])


def write_fairness(into, rows, column, rules, confidence):
    """`rows` before they are weighed; `column` the group of each."""
    groups = {group: Group(rows.part(column == group)) for group in np.unique(column)}
    whole = rows.part(rows.w > 0)
    # Of a single row fairlearn makes a scalar.
    if whole.n > 1:
        frames({group: each for group, each in groups.items() if each.rows.n > 0}, whole, column[rows.w > 0], confidence)
    for measure in MEASURES:
        for kind in ("difference", "ratio"):
            found = estimate_of(measure, kind, groups, rules, confidence, whole, column[rows.w > 0])
            found.write(into, "fairness", f"{measure}_{kind}", whole=False)
    for group, each in groups.items():
        for name in RATES:
            each.rate(name, confidence)[0].write(into, f"fairness {group}", name, whole=False)
