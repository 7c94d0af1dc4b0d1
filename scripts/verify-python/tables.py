"""The same statistics straight from tables and numbers, far beyond what data sets of 5,000 rows reach."""

from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from figures import between, number, undefined
from intervals import exact_p, mid_p, tango
from power import MANY_PAIRS, UNREACHABLE, detectable_pairs, exact_mean, exact_pairs


def expected_tables(tables):
    figures = {}
    for index, (b, c, n, confidence) in enumerate(tables["pairs"]):
        figures[f"tables/mcnemar_mid_p/{index}"] = number(1.0 if b + c == 0 else mid_p(b, c))
        figures[f"tables/mcnemar_exact/{index}"] = number(exact_p(b, c))
        for name, corrected in (("mcnemar_chi2", False), ("mcnemar_edwards", True)):
            # Without a discordant pair statsmodels divides by 0; Edwards' correction it takes below 0.
            test = None if b + c == 0 or (corrected and b == c) else mcnemar([[0, b], [c, 0]], exact=False, correction=corrected)
            figures[f"tables/{name}/{index}"] = number(test.statistic if test else 0.0)
            figures[f"tables/{name}_p/{index}"] = number(test.pvalue if test else 1.0)
        low, high = tango(b, c, n, confidence)
        figures[f"tables/tango_low/{index}"], figures[f"tables/tango_high/{index}"] = number(low), number(high)
        low, high = proportion_confint(b, n, alpha=1 - confidence, method="wilson")
        figures[f"tables/wilson_low/{index}"], figures[f"tables/wilson_high/{index}"] = number(low), number(high)
    for index, (p, freedom, value) in enumerate(tables["distributions"]):
        figures[f"tables/normal_quantile/{index}"] = number(stats.norm.ppf(p))
        figures[f"tables/normal_two_sided/{index}"] = number(2 * stats.norm.sf(abs(value)))
        figures[f"tables/t_quantile/{index}"] = number(stats.t.ppf(p, freedom))
        figures[f"tables/t_two_sided/{index}"] = number(2 * stats.t.sf(abs(value), freedom))
    for index, values in enumerate(tables["samples"]):
        test = stats.ttest_1samp(values, 0)
        figures[f"tables/t_statistic/{index}"], figures[f"tables/t_p/{index}"] = number(test.statistic), number(test.pvalue)
        margin = tables["margins"][index]
        figures[f"tables/tost_p/{index}"] = number(DescrStatsW(values).ttost_mean(-margin, margin)[0])
        # What ours says of its approximation.
        n = len(values)
        off = 0.004 if n >= 6 else 0.05 if n == 2 else 0.02
        exact = exact_mean(stats.sem(values), n, 0.95)
        figures[f"tables/detectable_mean/{index}"] = between(exact * (1 - off), exact * (1 + off))
    for index, (x, m, y, n, confidence) in enumerate(tables["independent"]):
        low, high = confint_proportions_2indep(x, m, y, n, method="newcomb", compare="diff", alpha=1 - confidence)
        figures[f"tables/newcombe_low/{index}"], figures[f"tables/newcombe_high/{index}"] = number(low), number(high)
    for index, (b, c, n, confidence) in enumerate(tables["powers"]):
        at = f"tables/detectable_pairs/{index}"
        if b + c < MANY_PAIRS:
            found = detectable_pairs(b, c, n, confidence) if b + c > 0 else UNREACHABLE
            figures[at] = undefined(found) if isinstance(found, str) else found
            continue
        # Ours is a normal approximation here, and says how far off it may be.
        exact = exact_pairs(b, c, n, confidence)
        off = 0.005 if b + c <= 0.9 * n else 0.03
        figures[at] = undefined(UNREACHABLE) if exact is None else between(exact * (1 - off), exact * (1 + off))
    return figures
