import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from resnet.stats import Mean, corrected, holm, mcnemar, mean_of, p_in_words, wilson_interval


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


@pytest.mark.parametrize(("right", "total"), [(9962, 10000), (0, 200), (200, 200), (162, 200)])
def test_wilson_interval(right: int, total: int) -> None:
    expected = stats.binomtest(right, total).proportion_ci(0.95, method="wilson")
    ours = wilson_interval(right, total)
    assert ours == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(b=st.integers(0, 300), c=st.integers(0, 300))
def test_p_is_that_of_the_binomial_test(b: int, c: int) -> None:
    p = mcnemar(b, c)
    assert p == pytest.approx(stats.binomtest(b, b + c).pvalue if b + c else 1.0)
    assert p == mcnemar(c, b)


def test_ps_are_corrected_as_by_hand() -> None:
    # Times 4, 3, 2, 1 from the least on; none falls below the one before it, none passes 1.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6, 0.2]) == pytest.approx([1.0, 1.0, 0.6])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(0, 10**6))
def test_correction_never_lowers_a_p_and_knows_no_order(ps: list[float], seed: int) -> None:
    found = holm(ps)
    for p, after in zip(ps, found, strict=True):
        assert p <= after <= min(1.0, len(ps) * p)
    order = np.random.default_rng(seed).permutation(len(ps))
    assert holm([ps[i] for i in order]) == [found[i] for i in order]


def test_a_mean_without_a_p_does_not_count() -> None:
    tested = Mean(3, 1.0, 0.0, 2.0, 0.02)
    found = corrected({"one": mean_of([1.0]), "two": tested, "three": tested})
    assert math.isnan(found["one"].p)
    assert found["two"] == Mean(3, 1.0, 0.0, 2.0, 0.04)


@pytest.mark.parametrize(
    ("p", "words"), [(1.0, "= 1.00"), (0.054, "= 0.054"), (0.001, "= 0.001"), (9e-4, "< 0.001")]
)
def test_p_in_words(p: float, words: str) -> None:
    assert p_in_words(p) == words
