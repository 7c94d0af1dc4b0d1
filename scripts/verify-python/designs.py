"""Rows that weigh differently or stand in clusters, restated from the formulas: every metric is a function of the rows' weights, whose infinitesimal jackknife is a complex step
and whose cluster bootstrap is that function at weights times how often each cluster is drawn."""

import math

import numpy as np
from scipy import stats

from figures import Difference, Estimate, between
from intervals import CONSTANT, complex_step, power_of, share_interval, tango, wald_difference, wilson, z_of
from resampling import RESAMPLES, Resampled

NO_INTERVAL = "weighted or clustered rows do not vary"
ONE_CLUSTER = "the rows that the metric is about are of one cluster"
# Of the size of what effects are differences of: what is less is rounding.
NO_EFFECT = 1e-12


FEW_CLUSTERS = 30


class Design:
    """`of(weights)` is the value; `size` what effects are differences of; `trials` masks of rows whose effective number a value of 0 or 1 is worth (the
    smallest); `totals` columns of gaps whose shares of the weight are drawn as normal, the value being the sum of their sizes."""

    def __init__(self, span, of, size=1.0, trials=None, clustered=True, totals=None, quantiles=None, unbiased=False):
        self.span, self.of, self.size, self.trials = span, of, size, trials
        self.clustered, self.totals, self.quantiles, self.unbiased = clustered, totals, quantiles, unbiased


def effective(rows, mask):
    """Kish: (sum w)^2 / sum w^2, over clusters where there are any."""
    w = np.where(mask, rows.w, 0)
    if rows.clusters is not None:
        w = np.bincount(rows.clusters, weights=w)
    return w.sum() ** 2 / (w**2).sum()


class Spread:
    """Error of a sum of effects, added up within clusters first; degrees of freedom; clusters that take part."""

    def __init__(self, rows, effects, size, involved):
        if rows.clusters is None:
            self.clusters = None
            self.freedom = (rows.n if rows.weights is None else effective(rows, np.full(rows.n, True))) - 1
            groups, sums = rows.n, effects
        else:
            part = np.any([np.abs(each) > NO_EFFECT * size / rows.n for each in involved], axis=0)
            groups = self.clusters = len(np.unique(rows.clusters[part]))
            sums, self.freedom = np.bincount(rows.clusters, weights=effects), groups - 1
        self.error = math.sqrt((sums**2).sum() * groups / (groups - 1)) if groups > 1 else math.nan
        if self.error <= 1e-12 * size:
            self.error = 0.0

    def stretch(self, design, confidence):
        if self.clusters is None and design.span != "loss":
            return 1.0
        return stats.t.ppf(0.5 + confidence / 2, max(1, self.freedom)) / z_of(confidence)


def robust_interval(design, rows, value, error, stretch, confidence):
    wide = error * stretch
    if error == 0 and value in (0, 1) and design.trials is not None:
        trials = min(effective(rows, mask) for mask in design.trials) / stretch**2
        return wilson(value * trials, trials, confidence)
    if not wide > 0:
        return NO_INTERVAL
    if design.quantiles is not None:
        return design.quantiles(rows, stretch, confidence)
    if design.span == "proportion":
        trials = value * (1 - value) / wide**2
        return wilson(value * trials, trials, confidence)
    if design.span == "share":
        return share_interval(value, wide, confidence)
    if design.span == "correlation":
        low, high = share_interval((value + 1) / 2, wide / 2, confidence)
        return 2 * low - 1, 2 * high - 1
    reach = z_of(confidence) * wide
    return (max(0.0, value - reach) if design.span == "loss" else value - reach), value + reach


class Draws:
    """How often each cluster is drawn, by numpy's generator."""

    def __init__(self, rows, rng):
        numbers = np.unique(rows.clusters, return_inverse=True)[1]
        count = numbers.max() + 1
        times = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
        self.weights = times[:, numbers] * rows.w

    def values(self, design):
        return np.asarray(design.of(self.weights), float)


def shifted(resampled, value, confidence):
    """Percentiles less the bootstrap's own bias, within [0, 1]."""
    slack = 5 * resampled.values.std() * math.sqrt(resampled.share)
    low, high = resampled.interval(confidence, shift=resampled.values.mean() - value, slack=slack)
    clamp = lambda end, to: {**end, "from": to(end["from"]) - 1e-12, "to": to(end["to"]) + 1e-12}
    return clamp(low, lambda end: max(0.0, end)), clamp(high, lambda end: min(1.0, end))


def normal_shares(rows, gaps, rng):
    """Shares sum(w gap) / sum(w) drawn as normal with the covariance of their infinitesimal jackknife, over rows or clusters."""
    shares = (rows.w[:, None] * gaps).sum(axis=0) / rows.w.sum()
    units = rows.w[:, None] * (gaps - shares) / rows.w.sum()
    if rows.clusters is not None:
        numbers = np.unique(rows.clusters, return_inverse=True)[1]
        units = np.stack([np.bincount(numbers, weights=column) for column in units.T], axis=1)
    n = len(units)
    # The same sum is drawn once: the root of a covariance that is all but singular would tell the two apart.
    units, twice = np.unique(units, axis=1, return_inverse=True)
    drawn = rng.multivariate_normal(np.zeros(units.shape[1]), units.T @ units * n / (n - 1), size=RESAMPLES, method="eigh")
    return shares + drawn[:, twice.ravel()]


def reach_of(values):
    """How far apart two values of a statistic are at most."""
    kept = values[~np.isnan(values)]
    return max(1e-14, np.ptp(kept)) if len(kept) else 1.0


def effects_of(design, rows):
    return complex_step(design.of, rows.w) if design.quantiles is None else design.quantiles.effects(rows)


def bootstrapped(design, spread, robust):
    """By drawing clusters, unless there are few of them and the metric has an error to be told by."""
    return design.clustered and not robust and (spread.clusters >= FEW_CLUSTERS or design.totals is not None)


def estimate(design, rows, value, confidence, draws, robust, rng):
    effects = effects_of(design, rows)
    spread = Spread(rows, effects, design.size, [effects])
    told = lambda error, freedom: robust_interval(design, rows, value, error, freedom, confidence)
    if rows.clusters is None and design.totals is None:
        return Estimate(value, told(spread.error, spread.stretch(design, confidence)), spread=spread.error, wilson=design.span == "proportion")
    if rows.clusters is not None:
        if (np.abs(effects) <= NO_EFFECT * design.size / rows.n).all():
            every = [np.full(rows.n, True)] if design.trials is None else design.trials
            clusters = math.floor(min(effective(rows, mask) for mask in every) + 0.5) if design.trials is not None else len(np.unique(rows.clusters))
            if clusters < 2:
                return Estimate(value, ONE_CLUSTER)
            spread.freedom, spread.clusters = clusters - 1, clusters
            return Estimate(value, told(0.0, spread.stretch(design, confidence)), spread=0.0)
        if spread.clusters < 2:
            return Estimate(value, ONE_CLUSTER)
        if bootstrapped(design, spread, robust):
            values = draws.values(design)
            resampled = Resampled(values)
            interval = shifted(resampled, value, confidence) if design.unbiased else resampled.interval(confidence)
            return Estimate(value, interval, error=resampled.error(rare=reach_of(values)))
    if design.totals is not None:
        resampled = Resampled(np.abs(normal_shares(rows, design.totals, rng)).sum(axis=1))
        return Estimate(value, shifted(resampled, value, confidence), error=resampled.error())
    return Estimate(value, told(spread.error, spread.stretch(design, confidence)), spread=spread.error)


def tango_difference(design, gap, spread, rows, discordance, confidence):
    now, before, of = discordance
    all_of = rows.w[of].sum()
    b, c = rows.w[now].sum() / all_of, rows.w[before].sum() / all_of
    stretch = spread.stretch(design, confidence)
    trials = effective(rows, of)
    pairs = ((b + c - gap**2) / spread.error**2 if spread.error > 0 else trials) / stretch**2
    # Score statistic at no difference, where the nuisance share is that of the discordant pairs.
    statistic = (b - c) * pairs / math.sqrt((b + c) * pairs) if b + c > 0 else 0.0
    detectable = power_of(confidence) * spread.error * stretch if spread.error > 0 else CONSTANT
    return Difference(tango(b * pairs, c * pairs, pairs, confidence), 2 * stats.norm.sf(abs(statistic)), statistic, detectable)


def statistic_of(gap, error, size):
    """gap / error. Where effects of this size cancel to an error that is tiny beside them, doubles have it to no more digits than that leaves."""
    lost = 8 * np.finfo(float).eps * size / error
    found = gap / error
    return found if lost < 1e-9 else between(found - abs(found) * lost, found + abs(found) * lost)


def difference(designs, ours, theirs, gap, discordance, confidence, draws, robust, rng):
    """`ours` has the weights and clusters of both."""
    effects = [effects_of(design, rows) for design, rows in zip(designs, (ours, theirs))]
    design = designs[0]
    spread = Spread(ours, effects[0] - effects[1], designs[0].size + designs[1].size, effects)
    differ = discordance is None or discordance[0].any() or discordance[1].any()
    if ours.clusters is not None:
        if spread.clusters == 1 or len(np.unique(ours.clusters)) == 1:
            return Difference(ONE_CLUSTER, ONE_CLUSTER, ONE_CLUSTER, ONE_CLUSTER)
        if bootstrapped(design, spread, robust) and differ:
            values = draws.values(designs[0]) - draws.values(designs[1])
            return Resampled(values).difference(confidence, rare=2 * reach_of(values))
    if design.totals is not None:
        drawn = np.abs(normal_shares(ours, np.hstack([each.totals for each in designs]), rng))
        width = drawn.shape[1] // 2
        return Resampled(drawn[:, :width].sum(axis=1) - drawn[:, width:].sum(axis=1)).difference(confidence)
    if discordance is not None:
        return tango_difference(design, gap, spread, ours, discordance, confidence)
    if not spread.error > 0:
        return wald_difference(gap, 0, confidence, True) if spread.error == 0 else Difference(CONSTANT, CONSTANT, CONSTANT, CONSTANT)
    stretch = spread.stretch(design, confidence)
    reach, statistic = z_of(confidence) * spread.error * stretch, gap / spread.error
    p = 2 * (stats.norm.sf(abs(statistic)) if stretch == 1 else stats.t.sf(abs(statistic), max(1, spread.freedom)))
    shown = statistic_of(gap, spread.error, designs[0].size + designs[1].size)
    return Difference((gap - reach, gap + reach), p, shown, power_of(confidence) * spread.error * stretch)
