"""Detectable differences by the exact distributions. Ours says what it approximates: to that it is held here, and no further."""

import math

import numpy as np
from scipy import optimize, stats

from figures import between, number

UNREACHABLE = "no difference would be shown in 4 of 5 cases"
# Ours ends its search within 1e-6 of the difference, or 1e-6 of the power, of which its sums leave out 1e-7.
SEARCH = 1e-6
POWER = 1.1e-6
MANY_PAIRS = 300


def exact_mean(error, n, confidence):
    """Noncentral t: the shift at which the statistic exceeds the critical value in 4 of 5 cases."""
    freedom = n - 1
    critical = stats.t.ppf(0.5 + confidence / 2, freedom)
    shift = optimize.brentq(lambda shift: stats.nct.sf(critical, freedom, shift) - 0.8, 1e-3, 3 * critical + 10)
    return shift * error


def detectable_mean(error, n, confidence):
    """As documented: by the normal approximation to the noncentral t of Johnson and Welch (1940)."""
    f = n - 1
    critical = stats.t.ppf(0.5 + confidence / 2, f)
    return number(error * (critical * (4 * f - 1) / (4 * f) + stats.norm.ppf(0.8) * math.sqrt((2 * f + critical**2) / (2 * f))))


def share_power(n, discordance, confidence):
    """P(Tango's lower limit > 0): m of n pairs discordant, b of these right only in the first, (2b - m) > z sqrt(m)."""
    z = stats.norm.ppf(0.5 + confidence / 2)
    m = np.arange(1, n + 1)
    probability = stats.binom.pmf(m, n, discordance)
    m, probability = m[probability > 1e-18], probability[probability > 1e-18]
    needed = np.floor((m + z * np.sqrt(m)) / 2) + 1

    def of(difference):
        first = min(1.0, (1 + difference / discordance) / 2)
        return (probability * stats.binom.sf(needed - 1, m, first)).sum()

    return of


def solved(power, discordance):
    if power(discordance) < 0.8:
        return None
    return optimize.brentq(lambda difference: power(difference) - 0.8, 0, discordance, xtol=1e-14, rtol=1e-12)


def exact_pairs(b, c, n, confidence):
    return solved(share_power(n, (b + c) / n, confidence), (b + c) / n)


def searched(found, power):
    """Where ours may end."""
    step = 1e-4 * found
    slope = (power(found + step) - power(found - step)) / (2 * step)
    reach = SEARCH * found + POWER / slope
    return between(found - reach, found + reach)


def normal_pairs(b, c, n, confidence):
    """Connor (1987), with a power of one side of 4 in 5: z sqrt(psi) + z(.8) sqrt(psi - d^2) = d sqrt(n), which is a quadratic in d."""
    psi = (b + c) / n
    z, beta = stats.norm.ppf(0.5 + confidence / 2), stats.norm.ppf(0.8)
    # n d^2 - 2 z sqrt(n psi) d + z^2 psi = beta^2 (psi - d^2), the larger root.
    first, second, third = n + beta**2, -2 * z * math.sqrt(n * psi), (z**2 - beta**2) * psi
    found = (-second + math.sqrt(second**2 - 4 * first * third)) / (2 * first)
    return found if found <= psi else None


def detectable_pairs(b, c, n, confidence):
    if b + c >= MANY_PAIRS:
        found = normal_pairs(b, c, n, confidence)
        return UNREACHABLE if found is None else between(found * (1 - 5 * SEARCH), found * (1 + 5 * SEARCH))
    power = share_power(n, (b + c) / n, confidence)
    found = solved(power, (b + c) / n)
    return UNREACHABLE if found is None else searched(found, power)
