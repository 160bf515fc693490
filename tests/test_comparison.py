from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import checkpoint, comparison, mnist
from resnet.comparison import Case, Comparison, ComparisonError
from tests.idx_files import own_folder

TOTAL = 20


def about(mistakes: dict[int, int], total: int = TOTAL) -> dict[str, Any]:
    return {
        "data_sha256": "data",
        "test": {"right": total - len(mistakes), "total": total},
        "mistakes": {"index": list(mistakes), "said": list(mistakes.values())},
    }


def compared(residual: dict[int, int], plain: dict[int, int], total: int = TOTAL) -> Comparison:
    return comparison.compare({"residual": about(residual, total), "plain": about(plain, total)})


def test_a_case_worked_by_hand() -> None:
    found = compared(residual={3: 8, 7: 1}, plain={3: 5, 4: 9, 11: 0, 19: 2})
    assert [found.right(variant) for variant in checkpoint.VARIANTS] == [18, 16]
    assert found.both == 15
    assert found.neither == [Case(3, {"residual": 8, "plain": 5})]
    assert found.only("plain") == [Case(7, {"residual": 1, "plain": None})]
    assert found.only("residual") == [
        Case(4, {"residual": None, "plain": 9}),
        Case(11, {"residual": None, "plain": 0}),
        Case(19, {"residual": None, "plain": 2}),
    ]
    assert found.p == 2 * (1 + 4) / 16  # at most one head of four tosses, or of tails
    low, high = found.interval("residual")
    assert low < 0.9 < high


mistakes = st.dictionaries(st.integers(0, TOTAL - 1), st.integers(0, 9)).map(
    lambda pairs: dict(sorted(pairs.items()))
)


@given(residual=mistakes, plain=mistakes)
def test_every_digit_is_counted_once(residual: dict[int, int], plain: dict[int, int]) -> None:
    found = compared(residual, plain)
    ours, theirs = found.only("residual"), found.only("plain")
    assert found.both + len(ours) + len(theirs) + len(found.neither) == TOTAL
    assert found.both + len(ours) == found.right("residual")
    assert found.both + len(theirs) == found.right("plain")
    for case in (*ours, *theirs, *found.neither):
        assert case.said == {
            "residual": residual.get(case.index),
            "plain": plain.get(case.index),
        }


# --- the sentence ------------------------------------------------------------------------------


def wrong(*indices: int) -> dict[int, int]:
    return dict.fromkeys(indices, 0)


def test_the_finding_follows_from_the_numbers() -> None:
    few, many = wrong(1, 2), wrong(1, *range(100, 112))
    assert comparison.finding(compared(few, wrong(1, 3, 4), 10_000)) == (
        "On these 10,000 digits the nets cannot be told apart: 2 that only the residual net reads, "
        "1 that only the plain one reads (McNemar exact p = 1.00)."
    )
    assert comparison.finding(compared(many, few, 10_000)) == (
        "On these 10,000 digits the plain net reads more than the residual one: "
        "12 that only the plain net reads, 1 that only the residual one reads "
        "(McNemar exact p = 0.003)."
    )
    assert "the residual net reads more than the plain one" in comparison.finding(
        compared(few, many, 10_000)
    )
    assert comparison.finding(compared(few, few)) == (
        "On these 20 digits the nets cannot be told apart: "
        "both read exactly the same ones right (McNemar exact p = 1.00)."
    )


# --- what cannot be compared -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"mistakes": None},
        {"mistakes": []},
        {"mistakes": {"index": [1, 2]}},
        {"mistakes": {"index": [1, 2], "said": [3]}},
        {"mistakes": {"index": [1], "said": [3]}},
        {"mistakes": {"index": [2, 1], "said": [3, 3]}},
        {"mistakes": {"index": [1, 1], "said": [3, 3]}},
        {"mistakes": {"index": [1, TOTAL], "said": [3, 3]}},
        {"mistakes": {"index": [-1, 1], "said": [3, 3]}},
        {"mistakes": {"index": [1, 2], "said": [3, 10]}},
        {"mistakes": {"index": [1, 2.0], "said": [3, 3]}},
        {"mistakes": {"index": [True, 2], "said": [3, 3]}},
        {"mistakes": {"index": [1, "2"], "said": [3, 3]}},
        {"mistakes": {"index": [1, [2]], "said": [3, 3]}},
        {"test": None},
        {"test": {"right": 18}},
        {"test": {"right": "18", "total": 20}},
        {"test": {"right": -2, "total": 0}},
    ],
)
def test_metadata_that_do_not_fit_are_one_sentence(variant: str, change: dict[str, Any]) -> None:
    abouts = {name: about({1: 3, 2: 3}) for name in checkpoint.VARIANTS}
    comparison.compare(abouts)
    abouts[variant] |= change
    with pytest.raises(ComparisonError, match=rf"^[^.]* the {variant} one [^.]* score\.$"):
        comparison.compare(abouts)


def test_a_net_that_is_missing_or_silent_is_named(variant: str) -> None:
    abouts = {name: about({1: 3}) for name in checkpoint.VARIANTS}
    del abouts[variant]["mistakes"]
    with pytest.raises(ComparisonError, match=f"the {variant} one does not say which digits"):
        comparison.compare(abouts)
    del abouts[variant]
    with pytest.raises(ComparisonError, match=f"the {variant} one is not loaded"):
        comparison.compare(abouts)


@pytest.mark.parametrize("other", [{"data_sha256": "other"}, about({1: 3}, total=TOTAL + 1)])
def test_nets_measured_on_different_data_are_not_compared(other: dict[str, Any]) -> None:
    abouts = {"residual": about({1: 3}), "plain": about({1: 3}) | other}
    with pytest.raises(ComparisonError, match="different data"):
        comparison.compare(abouts)


def test_digits_are_those_that_were_measured(tmp_path: Path) -> None:
    data = mnist.load(own_folder(tmp_path, images=24))
    with pytest.raises(mnist.DataError, match="not the data that the nets were measured on"):
        comparison.measured_digits(tmp_path, "other")
    digits = comparison.measured_digits(tmp_path, data.sha256)
    assert digits.labels.tolist() == data.test.labels.tolist()
    with pytest.raises(mnist.DataError, match="not found"):
        comparison.measured_digits(tmp_path / "none", data.sha256)
