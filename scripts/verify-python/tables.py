"""The same statistics straight from tables and numbers, far beyond what data sets of 5,000 rows reach."""

from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from figures import number
from intervals import exact_p, mid_p, tango


def expected_tables(tables):
    figures = {}
    for index, (b, c, n, confidence) in enumerate(tables["pairs"]):
        figures[f"tables/mcnemar_mid_p/{index}"] = number(1.0 if b + c == 0 else mid_p(b, c))
        figures[f"tables/mcnemar_exact/{index}"] = number(exact_p(b, c))
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
    return figures
