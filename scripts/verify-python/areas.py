"""Areas under ROC curves: of two classes as a function of weights, and of several classes with their derivatives by comparing all pairs of rows."""

import numpy as np
from sklearn import metrics as sk


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


def among(rows, mask, area):
    return lambda weights: area(weights[..., mask])


def several(name, rows):
    """The metric as a function of weights."""
    k = rows.width
    average = "weighted" if name.endswith("weighted") else "macro"
    labelled = [rows.true == one for one in range(k)]
    if "ovr" in name:
        areas = [weighted_area(labelled[one], rows.probabilities[:, one]) for one in range(k)]

        def of(weights):
            shares = [weights[..., labelled[one]].sum(axis=-1) / weights.sum(axis=-1) if average == "weighted" else 1 / k for one in range(k)]
            return sum(share * area(weights) for share, area in zip(shares, areas))

        return of
    pairs = []
    for one in range(k):
        for other in range(k):
            if one != other:
                mask = labelled[one] | labelled[other]
                pairs.append((mask, among(rows, mask, weighted_area(labelled[one][mask], rows.probabilities[mask, one]))))

    def of(weights):
        shares = [weights[..., mask].sum(axis=-1) if average == "weighted" else 1 for mask, _ in pairs]
        return sum(share * area(weights) for share, (_, area) in zip(shares, pairs)) / sum(shares)

    return of


def several_value(name, rows):
    """scikit-learn's own function takes no weights for pairs of classes and no two classes: there it is the mean of its binary areas."""
    kind, average = name.split("_")[2], "weighted" if name.endswith("weighted") else "macro"
    found = several(name, rows)(rows.w)
    if rows.width > 2 and (kind == "ovr" or rows.weights is None):
        theirs = sk.roc_auc_score(rows.true, rows.probabilities, multi_class=kind, average=average, labels=range(rows.width), sample_weight=rows.weights)
        assert abs(found - theirs) < 1e-12
        return theirs
    if kind == "ovr" and average == "macro":
        return np.mean([sk.roc_auc_score(rows.true == one, rows.probabilities[:, one], sample_weight=rows.weights) for one in range(rows.width)])
    return found


def several_effects(rows):
    """Derivatives of the four metrics by every row's weight at weights of 1. An area moves with a row by (its placement - area) / (rows of its class); each share
    of a class or a pair moves too where they are weighted."""
    k, n = rows.width, rows.n
    sizes = np.bincount(rows.true, minlength=k)
    found = {name: np.zeros(n) for name in ("roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "roc_auc_ovo_weighted")}
    rest_area, pair_area, pair_share = np.zeros(k), np.zeros((k, k)), np.zeros((k, k))
    for one in range(k):
        own, rest = np.flatnonzero(rows.true == one), np.flatnonzero(rows.true != one)
        score = rows.probabilities[:, one]
        wins = (np.sign(score[own][:, None] - score[rest][None, :]) + 1) / 2
        rest_area[one] = area = wins.mean()
        slope = np.zeros(n)
        slope[own], slope[rest] = (wins.mean(axis=1) - area) / len(own), (wins.mean(axis=0) - area) / len(rest)
        found["roc_auc_ovr"] += slope / k
        found["roc_auc_ovr_weighted"] += slope * sizes[one] / n
        for other in range(k):
            if other == one:
                continue
            theirs = rows.true[rest] == other
            against = wins[:, theirs]
            pair_area[one, other] = area = against.mean()
            pair_share[one, other] = (sizes[one] + sizes[other]) / (2 * (k - 1) * n)
            slope = np.zeros(n)
            slope[own], slope[rest[theirs]] = (against.mean(axis=1) - area) / len(own), (against.mean(axis=0) - area) / sizes[other]
            found["roc_auc_ovo"] += slope / (k * (k - 1))
            found["roc_auc_ovo_weighted"] += slope * pair_share[one, other]
    found["roc_auc_ovr_weighted"] += (rest_area[rows.true] - (rest_area * sizes).sum() / n) / n
    mean = (pair_area * pair_share).sum()
    found["roc_auc_ovo_weighted"] += ((pair_area.sum(axis=1) + pair_area.sum(axis=0))[rows.true] / (2 * (k - 1)) - mean) / n
    return found
