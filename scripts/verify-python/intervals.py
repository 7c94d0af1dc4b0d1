"""Intervals and tests. Wilson, t and binomials come from statsmodels and scipy; Tango, DeLong and the infinitesimal jackknife, which neither has, are
restated here in another way than ours: Tango in 40-digit decimals, DeLong over all pairs of rows, the jackknife by complex-step differentiation."""

import math
from decimal import Decimal, getcontext

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from figures import Difference
from power import detectable_mean, detectable_pairs

getcontext().prec = 40

NO_STATISTIC = "this test has no single statistic"
CONSTANT = "the rows do not vary"
ONE_ROW = "one row has no spread"

def z_of(confidence):
    return stats.norm.ppf(0.5 + confidence / 2)


def power_of(confidence):
    """Errors that a true difference must be away for the interval to show it in 4 of 5 cases."""
    return z_of(confidence) + stats.norm.ppf(0.8)


def wilson(successes, trials, confidence):
    return proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")


def mid_p(b, c):
    if b == c:
        return 1 - stats.binom.pmf(b, b + c, 0.5) / 2
    fewer = min(b, c)
    return 2 * stats.binom.cdf(fewer, b + c, 0.5) - stats.binom.pmf(fewer, b + c, 0.5)


def exact_p(b, c):
    return 1.0 if b + c == 0 else mcnemar([[0, b], [c, 0]], exact=True).pvalue


def tango(b, c, n, confidence):
    """All true differences whose score statistic stays below the normal quantile (Tango 1998), by bisection in decimals."""
    target = Decimal(float(z_of(confidence)))
    b, c, n = (Decimal(float(each)) for each in (b, c, n))

    def beyond(delta):
        linear = (2 * n - b + c) * delta - b - c
        constant = c * delta * (1 - delta)
        root = (max(Decimal(0), linear * linear + 8 * n * constant)).sqrt()
        nuisance = (root - linear) / (4 * n)
        variance = n * (2 * nuisance + delta * (1 - delta))
        gap = abs(b - c - n * delta)
        return gap > 0 if variance <= 0 else gap > target * variance.sqrt()

    def end(outside):
        near, far = (b - c) / n, Decimal(outside)
        if not beyond(far - (far - near) * Decimal("1e-30")):
            return float(far)
        while abs(far - near) > Decimal("1e-18"):
            middle = (near + far) / 2
            near, far = (near, middle) if beyond(middle) else (middle, far)
        return float(near)

    return end(-1), end(1)


def proportion_difference(b, c, n, confidence):
    flat = (b + c) * n == (b - c) ** 2
    detectable = CONSTANT if flat else detectable_pairs(b, c, n, confidence)
    return Difference(tango(b, c, n, confidence), 1.0 if b + c == 0 else mid_p(b, c), NO_STATISTIC, detectable)


def share_interval(value, error, confidence):
    """Plain in the middle; on the logit scale above 0.95, below 0.05 and where the plain one leaves [0, 1]."""
    reach = z_of(confidence) * error
    if 0 < value < 1 and (value > 0.95 or value < 0.05 or value - reach < 0 or value + reach > 1):
        centre, scaled = math.log(value / (1 - value)), reach / (value * (1 - value))
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(scaled - centre)), 1 / (1 + np.exp(-scaled - centre))
    return max(0.0, value - reach), min(1.0, value + reach)


def wald_difference(gap, error, confidence, flat):
    reach = z_of(confidence) * error
    if flat:
        return Difference((gap, gap), CONSTANT, CONSTANT, CONSTANT)
    return Difference((gap - reach, gap + reach), 2 * stats.norm.sf(abs(gap / error)), gap / error, power_of(confidence) * error)


def doubled_placements(positive, scores):
    """Twice the number of rows of the other class that each row beats, over all pairs; whole numbers."""
    own, other = scores[positive], scores[~positive]
    wins = np.sign(own[:, None] - other[None, :]) + 1
    return wins.sum(axis=1), wins.sum(axis=0)


class DeLong:
    """Structural components of one area (DeLong, DeLong and Clarke-Pearson 1988)."""

    def __init__(self, positive, scores):
        self.of_positive, self.of_negative = doubled_placements(positive, scores)
        self.m, self.n = len(self.of_positive), len(self.of_negative)
        self.auc = self.of_positive.sum() / (2 * self.m * self.n)
        self.flat = np.ptp(self.of_positive) == 0 and np.ptp(self.of_negative) == 0
        self.few = min(self.m, self.n) < 2

    def error(self):
        return math.sqrt(np.var(self.of_positive / (2 * self.n), ddof=1) / self.m + np.var(self.of_negative / (2 * self.m), ddof=1) / self.n)

    def difference(self, other, confidence):
        if self.few:
            rule = "a class has a single row"
            return Difference(rule, rule, rule, rule)
        ours = self.of_positive - other.of_positive, self.of_negative - other.of_negative
        flat = np.ptp(ours[0]) == 0 and np.ptp(ours[1]) == 0
        first = np.cov(self.of_positive, other.of_positive) / (4.0 * self.n**2)
        second = np.cov(self.of_negative, other.of_negative) / (4.0 * self.m**2)
        together = first / self.m + second / self.n
        variance = 0.0 if flat else together[0, 0] + together[1, 1] - 2 * together[0, 1]
        # The sum of covariances cancels where models are close; the same quantity from the differences themselves does not.
        direct = np.var(ours[0] / (2 * self.n), ddof=1) / self.m + np.var(ours[1] / (2 * self.m), ddof=1) / self.n
        assert abs(variance - direct) <= 1e-9 * together.trace() + 1e-15
        return wald_difference(self.auc - other.auc, math.sqrt(direct), confidence, flat)


def complex_step(statistic, base):
    """Weight * d statistic / d weight of each row, by a step in the imaginary direction: no subtraction, so exact to rounding. `statistic` takes weights in its last axis."""
    step = 1e-30
    n = len(base)
    effects = np.empty(n)
    at_once = max(1, 20000 // n)
    for start in range(0, n, at_once):
        rows = np.arange(min(at_once, n - start))
        weights = np.tile(base.astype(complex), (len(rows), 1))
        weights[rows, start + rows] += 1j * step
        effects[start + rows] = statistic(weights).imag / step
    return effects * base


def jackknife_error(effects, scale):
    """Standard error by the infinitesimal jackknife, or the rule by which there is none. Rounding in `scale` is no variation."""
    n = len(effects)
    if n < 2:
        return ONE_ROW
    error = math.sqrt((effects**2).sum() * n / (n - 1))
    return CONSTANT if error <= 1e-12 * scale else error


def t_interval(values, confidence):
    error = stats.sem(values)
    reach = stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * error
    return values.mean() - reach, values.mean() + reach


def does_not_vary(values):
    return np.abs(values - values.mean()).max() <= 1e-12 * abs(values.mean())


def t_difference(differences, confidence):
    n = len(differences)
    if n < 2:
        return Difference(ONE_ROW, ONE_ROW, ONE_ROW, ONE_ROW)
    if does_not_vary(differences):
        return Difference((differences.mean(), differences.mean()), CONSTANT, CONSTANT, CONSTANT)
    test = stats.ttest_1samp(differences, 0)
    return Difference(t_interval(differences, confidence), test.pvalue, test.statistic, detectable_mean(stats.sem(differences), n, confidence))
