"""What the reference expects of a figure: a number, undefined by a named rule, or a range (bootstrap)."""

import math

OUR_RESAMPLES = 2000


def number(value):
    value = float(value)
    return {"value": value} if math.isfinite(value) else {"broken": repr(value)}


def undefined(rule):
    return {"undefined": rule}


def between(low, high, or_undefined=None):
    """A range that a figure of ours has to lie in; `or_undefined` where resampling decides whether it is defined."""
    slack = 1e-12 + 1e-9 * max(abs(low), abs(high))
    found = {"from": float(low) - slack, "to": float(high) + slack}
    return {**found, "or": or_undefined} if or_undefined else found


class Estimate:
    """A value with its interval. `rule` says why there is no value, `interval` may be a rule too."""

    def __init__(self, value=None, interval=None, rule=None, error=None):
        self.value, self.interval, self.rule, self.error = value, interval, rule, error

    def write(self, into, subject, metric):
        at = f"{subject}/{metric}"
        if self.rule is not None:
            for what in ("value", "low", "high"):
                into[f"{at}/{what}"] = undefined(self.rule)
            return
        into[f"{at}/value"] = number(self.value)
        write_interval(into, at, self.interval)
        if self.error is not None:
            into[f"{at}/error"] = self.error


NO_WIDTH = "the rows do not vary, and an interval of no width is none unless it is 0"


def without_width(low, high):
    """The two ends by our rule: undefined where they are one number other than 0, or may be undefined where resampling decides whether they are."""
    if "value" in low and "value" in high:
        size = max(abs(low["value"]), abs(high["value"]))
        one = high["value"] - low["value"] <= 1e-12 * size and size > 1e-15
        return (undefined(NO_WIDTH), undefined(NO_WIDTH)) if one else (low, high)
    if "from" not in low or "from" not in high or low["to"] < high["from"]:
        return low, high
    if max(abs(end["from"] - end["to"]) for end in (low, high)) < 1e-8:
        return (low, high) if low["from"] <= 0 <= low["to"] else (undefined(NO_WIDTH), undefined(NO_WIDTH))
    return {"or": NO_WIDTH, **low}, {"or": NO_WIDTH, **high}


def write_interval(into, at, interval):
    ends = (undefined(interval), undefined(interval)) if isinstance(interval, str) else interval
    low, high = (end if isinstance(end, dict) else number(end) for end in ends)
    into[f"{at}/low"], into[f"{at}/high"] = without_width(low, high)


class Difference:
    """A paired difference; each part a number, an expectation, or the rule by which it is undefined."""

    def __init__(self, interval, p, statistic, detectable):
        self.interval, self.p, self.statistic, self.detectable = interval, p, statistic, detectable

    def write(self, into, metric, ours, theirs):
        at = f"difference/{metric}"
        rule = ours.rule or theirs.rule
        if rule is not None:
            for what in ("value", "low", "high", "p", "statistic", "detectable"):
                into[f"{at}/{what}"] = undefined(rule)
            return
        into[f"{at}/value"] = number(ours.value - theirs.value)
        write_interval(into, at, self.interval)
        for what in ("p", "statistic", "detectable"):
            part = getattr(self, what)
            into[f"{at}/{what}"] = part if isinstance(part, dict) else undefined(part) if isinstance(part, str) else number(part)
