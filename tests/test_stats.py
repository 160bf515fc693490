import math

import numpy as np
import pytest
from scipy import stats

from resnet.stats import mean_of, quantile, two_sided


@pytest.mark.parametrize("freedom", [*range(1, 12), 19, 30, 99])
def test_the_distribution_is_scipys(freedom: int) -> None:
    for t in (0.0, 0.1, 0.5, 1.0, 2.0, -2.0, 3.5, 12.0):
        assert two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), abs=1e-13)
    for chance in (0.05, 0.01, 0.5):
        expected = stats.t.ppf(1 - chance / 2, freedom)
        assert quantile(freedom, chance) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("count", [2, 3, 8, 20])
def test_the_mean_of_differences_is_scipys_paired_test(count: int) -> None:
    generator = np.random.default_rng(count)
    ours, theirs = generator.normal(0.3, 1, (2, count))
    expected = stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval(0.95)
    found = mean_of((ours - theirs).tolist())
    assert found.count == count
    assert found.mean == pytest.approx(np.mean(ours - theirs))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(expected.pvalue)


def test_one_value_has_no_interval() -> None:
    found = mean_of([3.0])
    assert (found.count, found.mean) == (1, 3.0)
    assert all(map(math.isnan, (found.low, found.high, found.p)))


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.5, 0.0)])
def test_values_all_alike_have_a_point_for_an_interval(value: float, p: float) -> None:
    found = mean_of([value] * 4)
    assert (found.low, found.mean, found.high, found.p) == (value, value, value, p)
