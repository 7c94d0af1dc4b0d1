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
    """A value with its interval. `rule` says why there is no value, `interval` may be a rule too. The standard error is a number (`spread`) or, of a bootstrap, a
    range (`error`). `wilson`: a share of right rows."""

    def __init__(self, value=None, interval=None, rule=None, error=None, spread=None, wilson=False):
        self.value, self.interval, self.rule, self.error, self.spread, self.wilson = value, interval, rule, error, spread, wilson

    def write(self, into, subject, metric, whole=True):
        at = f"{subject}/{metric}"
        if self.rule is not None:
            for what in ("value", "low", "high", "error")[: 4 if whole else 3]:
                into[f"{at}/{what}"] = undefined(self.rule)
            return
        into[f"{at}/value"] = number(self.value)
        write_interval(into, at, self.interval)
        if whole:
            into[f"{at}/error"] = self.error or (undefined(NO_ERROR) if self.spread is None else number(self.spread))

    def limits(self):
        """Both ends as numbers; None where there are none."""
        if self.rule is not None or isinstance(self.interval, str):
            return None
        ends = without_width(*(number(end) for end in self.interval))
        return tuple(end["value"] for end in ends) if all("value" in end for end in ends) else None


NO_ERROR = "too few rows or clusters for a standard error"
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

    def write(self, into, metric, ours, theirs, subject="difference"):
        at = f"{subject}/{metric}"
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
