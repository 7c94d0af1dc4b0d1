"""The row bootstrap by numpy's own generator, and the ranges in which a figure of another, equally good bootstrap has to lie."""

import math

import numpy as np

from figures import OUR_RESAMPLES, Difference, between, undefined
from intervals import NO_STATISTIC, power_of

RESAMPLES = 5000
MANY_UNDEFINED = "more than a twentieth of the resamples is undefined"
CONSTANT = "the resamples do not vary"
FEW = "fewer than two resamples are defined"


def draw_cells(codes, cells, rng):
    """Counts of each cell in resamples of the rows: row by row where that is quick, else as the multinomial that it is."""
    n = len(codes)
    if n <= 150:
        drawn = codes[rng.integers(n, size=(RESAMPLES, n))] + cells * np.arange(RESAMPLES)[:, None]
        return np.bincount(drawn.ravel(), minlength=cells * RESAMPLES).reshape(RESAMPLES, cells).astype(float)
    counts = np.bincount(codes, minlength=cells)
    used = np.flatnonzero(counts)
    drawn = np.zeros((RESAMPLES, cells))
    drawn[:, used] = rng.multinomial(n, counts[used] / n, size=RESAMPLES)
    return drawn


def shares_within(p, share):
    """All true shares that a share p found here is within 5 standard errors of (a score interval: in the tails the standard error is not that at p)."""
    spread = 25 * share
    centre = (p + spread / 2) / (1 + spread)
    reach = 5 / (1 + spread) * math.sqrt(p * (1 - p) * share + spread * share / 4)
    return centre - reach, centre + reach


class Resampled:
    """The values of a statistic over resamples; NaN is undefined."""

    def __init__(self, values):
        kept = np.sort(values[~np.isnan(values)])
        # Sums of fractions that are equal differ by rounding; on the lattice they are one point.
        self.values = kept
        self.undefined = 1 - len(kept) / len(values)
        self.share = 1 / max(2.0, OUR_RESAMPLES * (1 - self.undefined)) + 1 / max(2, len(kept))
        gaps = np.diff(kept)
        gaps = gaps[gaps > 1e-12]
        self.step = gaps.min() if len(gaps) else 0.0

    def interval_rule(self):
        """None, MANY_UNDEFINED, or (MANY_UNDEFINED,) where chance decides."""
        if len(self.values) < 2:
            return MANY_UNDEFINED
        doubt = 5 * math.sqrt(0.05 * 0.95 * (1 / OUR_RESAMPLES + 1 / RESAMPLES))
        if self.undefined > 0.05 + doubt:
            return MANY_UNDEFINED
        return (MANY_UNDEFINED,) if self.undefined > 0.05 - doubt else None

    def quantile(self, p, shift=0.0, slack=0.0, clamp=None):
        rule = self.interval_rule()
        if isinstance(rule, str):
            return undefined(rule)
        values = self.values
        from_share, to_share = shares_within(p, self.share)
        spread = values.std()
        low = values[0] - spread if from_share * len(values) < 1 else self.beside(np.quantile(values, from_share), -1)
        high = values[-1] + spread if (1 - to_share) * len(values) < 1 else self.beside(np.quantile(values, to_share), 1)
        ends = [low - shift - slack, high - shift + slack]
        if clamp:
            ends = [clamp(end) for end in ends]
        return between(*ends, or_undefined=rule[0] if rule else None)

    def beside(self, value, direction):
        """One lattice step further out."""
        if direction < 0:
            place = np.searchsorted(self.values, value - 1e-12, "left") - 1
            return self.values[max(0, place)]
        place = np.searchsorted(self.values, value + 1e-12, "right")
        return self.values[min(len(self.values) - 1, place)]

    def interval(self, confidence, **options):
        tail = (1 - confidence) / 2
        return self.quantile(tail, **options), self.quantile(1 - tail, **options)

    def error(self, factor=1.0, zero_is_undefined=False, rare=0.0):
        """`rare`: what a lattice point that no resample here met, but one of ours may, can be away; 0 for what is no lattice."""
        if len(self.values) < 20:
            return between(0, 1e300, or_undefined=FEW)
        deviation = self.values - self.values.mean()
        variance = (deviation**2).mean()
        spread = math.sqrt(variance)
        elsewhere = (np.abs(self.values - np.median(self.values)) > 1e-12).sum()
        unmet = rare * math.sqrt(shares_within(elsewhere / len(self.values), self.share)[1])
        if spread <= 1e-14 or (rare > 0 and elsewhere < 50):
            # Too few resamples off the one lattice point to tell by their moments how often that happens.
            return between(0, factor * (spread + max(1e-14, unmet)), or_undefined=CONSTANT if zero_is_undefined else None)
        kurtosis = max(1.0, (deviation**4).mean() / variance**2)
        doubt = max(5 * spread * math.sqrt((kurtosis - 1) / 4 * self.share), self.step)
        low = max(0.0, spread - doubt)
        return between(factor * low, factor * (spread + doubt), or_undefined=CONSTANT if zero_is_undefined and low == 0 else None)

    def p(self):
        kept = max(1, len(self.values))
        smaller = min((self.values <= 1e-12).sum(), (self.values >= -1e-12).sum()) / kept
        low, high = shares_within(min(smaller, 1.0), self.share)
        return between(max(0.0, 2 * low), min(1.0, 2 * (high + 2 / OUR_RESAMPLES)))

    def difference(self, confidence, rare=0.0):
        return Difference(self.interval(confidence), self.p(), NO_STATISTIC, self.error(power_of(confidence), zero_is_undefined=True, rare=rare))
