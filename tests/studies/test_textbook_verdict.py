import math

import numpy as np
import pytest
from scipy import stats

from resnet.checkpoint import VARIANTS
from resnet.stats import Mean, mean_of, wilson_interval
from resnet.studies import textbook_verdict
from resnet.studies.runs import StudyError
from resnet.studies.textbook import Key, Pair, TextbookRun, TextbookTable, key_for, pairs_of
from resnet.studies.textbook_verdict import (
    Gap,
    chosen_rate,
    complete_runs,
    difference,
    gap,
    headline,
    is_ahead,
    with_interval,
)
from tests.studies.stored import PROVENANCE

RATES = (0.005, 0.01, 0.02)
# Right of 1,000 by net and rate, for the seeds 1, 2, 3; of the 200 a fifth of that, to the whole.
RIGHT = {
    ("LeNet-5", 0.1): (870, 860, 850),
    ("plain", 0.005): (700, 720, 740),
    ("plain", 0.01): (800, 810, 790),
    ("plain", 0.02): (780, 790, 830),
    ("residual", 0.005): (750, 740, 760),
    ("residual", 0.01): (850, 830, 840),
    ("residual", 0.02): (840, 830, 880),
}
# Validation digits of 200. The first judgement of each run is the best in the first seed.
VALIDATION = {
    **dict.fromkeys(RIGHT, (150, 150, 150)),
    ("plain", 0.01): (170, 160, 171),
    ("residual", 0.01): (180, 180, 171),
    ("residual", 0.02): (180, 180, 172),
}


def run_of(key: Key, more: int = 0) -> TextbookRun:
    """A run whose net, where it has shortcuts, reads so many of 1,000 test digits more."""
    seed, first, name, rate = key
    right, kept = (counts[name, rate][seed - 1] for counts in (RIGHT, VALIDATION))
    right += more * (name == "residual")
    judged = [kept, kept - 10] if seed == 1 else [kept - 20, kept]
    return {
        "seed": seed, "first": first, "net": name, "rate": rate,
        "validation": {"step": [15, 30], "right": judged, "total": 200, "loss": [2.0, 1.0]},
        "loss": [2.0] * 30, "seconds": 1.0,
        "test": {"right": right // 5, "total": 200, "loss": seed / 10},
        "test_all": {"right": right, "total": 1000, "loss": 0.5},
    }  # fmt: skip


def table_of(*seeds: int, **more: int) -> TextbookTable:
    """Of this project's first weights, and of those named, whose runs differ by so much."""
    keys = [key_for(seed, "fan_out", pair) for seed in seeds for pair in pairs_of(RATES)]
    runs = [run_of(key) for key in keys]
    for first, points in more.items():
        of_first = [(seed, first, *rest) for seed, _, *rest in keys if rest[0] != "LeNet-5"]
        runs += [run_of(key, points) for key in of_first]  # type: ignore[arg-type]
    return {"about": {**PROVENANCE, "rates": list(RATES)}, "runs": runs}


def runs_of(*seeds: int) -> dict[Pair, list[TextbookRun]]:
    return complete_runs(table_of(*seeds))["fan_out"]


def test_only_seeds_with_all_their_runs_count() -> None:
    table = table_of(3, 1, 2)
    whole = complete_runs(table)["fan_out"]
    assert set(whole) == set(RIGHT)
    for (name, rate), runs in whole.items():
        assert [(run["seed"], run["net"], run["rate"]) for run in runs] == [
            (seed, name, rate) for seed in (1, 2, 3)
        ]
    table["runs"].pop()
    assert [run["seed"] for run in complete_runs(table)["fan_out"]["LeNet-5", 0.1]] == [1, 3]
    with pytest.raises(StudyError, match="goes on"):
        complete_runs({**table, "runs": table["runs"][:3]})


def test_first_weights_without_all_seeds_and_rates_are_left_out() -> None:
    table = table_of(1, 2, torch=0, fan_in=0)
    whole = complete_runs(table)
    assert list(whole) == ["fan_out", "torch", "fan_in"]
    for first, runs in whole.items():
        firsts = {pair: {run["first"] for run in some} for pair, some in runs.items()}
        assert firsts.pop(("LeNet-5", 0.1)) == {None}
        assert all(found == {first} for found in firsts.values())
    table["runs"].pop()
    assert list(complete_runs(table)) == ["fan_out", "torch"]
    table["runs"] = [run for run in table["runs"] if (run["seed"], run["first"]) != (1, "torch")]
    assert list(complete_runs(table)) == ["fan_out"]
    assert len(complete_runs(table)["fan_out"]["plain", 0.01]) == 2


def test_the_rate_is_chosen_on_validation_by_the_weights_that_are_kept() -> None:
    runs = runs_of(1, 2, 3)
    assert chosen_rate(runs, "plain", RATES) == 0.01  # at .02 it reads more test digits
    assert chosen_rate(runs, "residual", RATES) == 0.02
    assert chosen_rate(runs_of(1, 2), "residual", RATES) == 0.01  # of equals


def test_the_difference_is_paired_by_seed() -> None:
    runs = runs_of(1, 2, 3)
    found = difference(runs, {"plain": 0.01, "residual": 0.02})
    expected = stats.ttest_rel((84.0, 83.0, 88.0), (80.0, 81.0, 79.0))
    interval = expected.confidence_interval()
    assert found.mean == pytest.approx(5.0)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(expected.pvalue)


def test_the_gap_is_that_of_the_chosen_rates_with_the_bootstraps_interval() -> None:
    """scipy draws the seeds and chooses the rates by its own lights."""
    rng = np.random.default_rng(4)
    seeds = 12
    kept = {net: rng.integers(160, 190, (len(RATES), seeds)) for net in VARIANTS}
    apart = np.array([[40], [0], [-40]])  # so that it matters which rate is chosen
    right = {net: apart + rng.integers(800, 900, (len(RATES), seeds)) for net in VARIANTS}

    def run_with(net: str, i: int, seed: int) -> TextbookRun:
        run = run_of((1, "fan_out", net, RATES[i]))
        run["validation"]["right"] = [int(kept[net][i, seed])]
        run["test_all"]["right"] = int(right[net][i, seed])
        return run

    runs = {
        (net, rate): [run_with(net, i, seed) for seed in range(seeds)]
        for net in VARIANTS
        for i, rate in enumerate(RATES)
    }

    def statistic(drawn: np.ndarray) -> float:
        best = {net: kept[net][:, drawn].sum(1).argmax() for net in VARIANTS}
        means = {net: right[net][best[net], drawn].mean() / 10 for net in VARIANTS}
        return float(means["residual"] - means["plain"])

    found = gap(runs, RATES)
    assert found.points == pytest.approx(statistic(np.arange(seeds)))
    expected = stats.bootstrap(
        (np.arange(seeds),), statistic, n_resamples=4000, vectorized=False, method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.2)
    assert gap(runs, RATES[::-1]) == found


def test_one_seed_has_no_interval() -> None:
    found = gap(runs_of(1), RATES)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.points == pytest.approx(5.0)  # at .01 of both, 85.0 and 80.0 %


# --- as tables -------------------------------------------------------------------------------


def test_the_verdict_has_a_row_for_all_first_weights() -> None:
    table = table_of(1, 2, 3, torch=20)
    title, headers, rows = textbook_verdict.tables(table)[0]
    assert "3 seeds, 1,000 test digits" in title
    assert all(len(row) == len(headers) for row in rows)
    found = gap(runs_of(1, 2, 3), RATES)
    residual, plain = ([84.0, 83.0, 88.0], [80.0, 81.0, 79.0])
    assert rows[0] == [
        "this project's", "0.02", with_interval(residual), "0.01", with_interval(plain),
        f"+5.00 ({found.low:+.2f} to {found.high:+.2f})",
    ]  # fmt: skip
    assert rows[1][0] == "PyTorch's"
    assert rows[1][2] == with_interval([share + 2 for share in residual])
    assert rows[1][3:5] == rows[0][3:5]
    assert rows[1][5] == f"+7.00 ({found.low + 2:+.2f} to {found.high + 2:+.2f})"


def test_the_fair_table_has_equal_rates() -> None:
    _, headers, rows = textbook_verdict.tables(table_of(1, 2, 3, fan_in=10))[1]
    assert all(len(row) == len(headers) for row in rows)
    assert [row[:2] for row in rows] == [
        [whose, f"{rate:g}"] for whose in ("this project's", "Paddle's") for rate in RATES
    ]
    points = ["+3.00", "+4.00", "+5.00", "+4.00", "+5.00", "+6.00"]
    assert [row[6].split()[0] for row in rows] == points
    assert rows[2][2] == "88.7%"
    found = mean_of([6.0, 4.0, 5.0])  # at .02: 84, 83, 88 and 78, 79, 83 %
    assert rows[2][6] == f"+5.00 ({found.low:+.2f} to {found.high:+.2f})"
    assert rows[2][7] == f"{found.p:.3f}"
    assert textbook_verdict.tables(table_of(1))[1][2][0][6:] == ["+5.00", "one seed"]


def test_the_table_at_the_books_rates_by_hand() -> None:
    title, headers, rows = textbook_verdict.tables(table_of(1, 2, 3, torch=10))[2]
    assert all(len(row) == len(headers) for row in rows)
    low, high = wilson_interval(162, 200)
    half = stats.t.ppf(0.975, 2) * 2 / 3**0.5  # of 70, 72 and 74 %
    ours = f"72.0% ({72 - half:.1f} - {72 + half:.1f})"
    theirs = f"81.0% ({100 * low:.1f} - {100 * high:.1f})"
    of_ours = [ours, "70.0 - 74.0"] * 2  # the same share of 200 and of 1,000
    assert rows[2] == ["plain", "0.005", "the book's one run", theirs, "", "", "", "0.58"]
    assert rows[3] == ["plain", "0.005", "this project's", *of_ours, "0.20"]
    assert [row[:3] for row in rows] == [
        ["LeNet-5", "0.1", "the book's one run"], ["LeNet-5", "0.1", "its own"],
        ["plain", "0.005", "the book's one run"], ["plain", "0.005", "this project's"],
        ["plain", "0.005", "PyTorch's"],
        ["residual", "0.01", "the book's one run"], ["residual", "0.01", "this project's"],
        ["residual", "0.01", "PyTorch's"],
    ]  # fmt: skip
    assert rows[7][5].startswith("85.0%")
    assert "3 seeds" in title


def test_a_loss_that_is_no_number_leaves_no_mean() -> None:
    table = table_of(1, 2)
    table["runs"][0]["test"]["loss"] = None
    rows = textbook_verdict.tables(table)[2][2]
    assert [row[-1] for row in rows[1::2]] == ["none", "0.15", "0.15"]


def test_the_validation_curves_stand_beside_the_books() -> None:
    _, headers, rows = textbook_verdict.tables(table_of(1, 2, torch=0))[3]
    assert headers == ["net", "first weights", "step 15", "step 30"]
    assert rows[5:] == [
        ["residual", "the book's one run", "53.5%", "81.5%"],
        ["residual", "this project's", "85.0%", "87.5%"],  # of 180 and 160, of 170 and 180
        ["residual", "PyTorch's", "85.0%", "87.5%"],
    ]
    table = table_of(1)
    for run in table["runs"]:
        run["validation"]["step"] = [10, 30]  # the book says nothing of step 10
    assert textbook_verdict.tables(table)[3][2][4] == [
        "residual", "the book's one run", "-", "81.5%"
    ]  # fmt: skip


# --- in words --------------------------------------------------------------------------------


def found_in(points: float, low: float, high: float) -> Gap:
    return Gap(
        {"residual": 0.1, "plain": 0.02}, {"residual": 90 + points, "plain": 90.0}, low, high
    )


FOUND = {
    "ahead": found_in(3.71, 2.24, 4.01),
    "little": found_in(1.5, 0.2, 2.1),
    "even": found_in(0.3, -0.2, 0.8),
    "behind": found_in(-1.5, -2.5, -0.5),
}


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        (
            ["ahead"],
            "After 30 steps the net with shortcuts reads 93.7 of 100 test digits, the one without "
            "90.0.",
        ),
        (
            ["even"],
            "After 30 steps the nets cannot be told apart: the net with shortcuts reads 90.3 of "
            "100 test digits, the one without 90.0.",
        ),
        (
            ["ahead", "little", "ahead"],
            "After 30 steps the net with shortcuts reads more test digits than the one without, "
            "from each of 3 kinds of first weights: 3.7, 1.5 and 3.7 of 100 more.",
        ),
        (
            ["behind", "behind"],
            "After 30 steps the net with shortcuts reads fewer test digits than the one without, "
            "from each of 2 kinds of first weights: 1.5 and 1.5 of 100 fewer.",
        ),
        (
            ["even", "even"],
            "After 30 steps the nets cannot be told apart, from each of 2 kinds of first weights.",
        ),
        (
            ["ahead", "even", "behind"],
            "After 30 steps, by first weights: from this project's the net with shortcuts reads "
            "3.7 of 100 digits more; from PyTorch's the nets cannot be told apart; from Paddle's "
            "the net without reads 1.5 of 100 digits more.",
        ),
    ],
)
def test_the_headline_follows_from_all_first_weights_measured(
    gaps: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firsts = dict.fromkeys(("torch", "fan_in")[: len(gaps) - 1], 0)
    found = iter([FOUND[name] for name in gaps])
    monkeypatch.setattr(textbook_verdict, "gap", lambda *_: next(found))
    assert headline(table_of(1, 2, **firsts)) == sentence


def test_one_seed_tells_nothing_apart() -> None:
    assert headline(table_of(1)) == (
        "One seed tells nothing apart: after 30 steps the net with shortcuts reads 85.0 of 100 "
        "test digits, the one without 80.0."
    )


def test_the_details_give_the_figures_and_what_is_missing() -> None:
    table = table_of(1, 2, 3, torch=20)
    ours, pytorchs, missing, how, end, *_ = textbook_verdict.details(table)
    found = gap(runs_of(1, 2, 3), RATES)
    assert ours == (
        "From this project's first weights: with shortcuts 85.00 % at rate 0.02, without 80.00 % "
        f"at 0.01; difference +5.00 points (95 % interval {found.low:+.2f} to {found.high:+.2f})."
    )
    assert pytorchs.startswith("From PyTorch's first weights: with shortcuts 87.00 %")
    assert missing == "From Paddle's first weights it is not measured yet."
    assert how.startswith(
        "Means of 3 seeds on 1,000 test digits, each net at the rate, of 3, that its 200 validation"
    )
    assert end.startswith(
        "From this project's first weights the best rate with shortcuts, 0.02, is at the end"
    )
    assert textbook_verdict.sentences(table) == [headline(table), *textbook_verdict.details(table)]


def test_nothing_is_missing_when_all_is_measured() -> None:
    said = " ".join(textbook_verdict.details(table_of(1, 2, torch=0, fan_in=0)))
    assert "not measured" not in said
    assert "end of those tried" not in said  # both nets choose .01, of three


def test_significance_is_corrected_for_the_number_of_comparisons() -> None:
    found = Mean(20, 1.5, 0.5, 2.5, 0.004)
    assert is_ahead(found)
    assert is_ahead(found, 12)
    assert not is_ahead(found, 13)
    assert not is_ahead(Mean(20, -1.5, -2.5, -0.5, 0.004))
