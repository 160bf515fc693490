import pytest
from scipy import stats

from resnet.checkpoint import VARIANTS
from resnet.stats import Mean, mean_of, wilson_interval
from resnet.studies import textbook_verdict
from resnet.studies.runs import StudyError
from resnet.studies.textbook import TextbookRun, TextbookTable, pairs_of
from resnet.studies.textbook_verdict import chosen_rate, complete_runs, difference, finding
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


def run_of(seed: int, name: str, rate: float) -> TextbookRun:
    right, kept = (counts[name, rate][seed - 1] for counts in (RIGHT, VALIDATION))
    judged = [kept, kept - 10] if seed == 1 else [kept - 20, kept]
    return {
        "seed": seed, "net": name, "rate": rate,
        "validation": {"step": [15, 30], "right": judged, "total": 200, "loss": [2.0, 1.0]},
        "loss": [2.0] * 30, "seconds": 1.0,
        "test": {"right": right // 5, "total": 200, "loss": seed / 10},
        "test_all": {"right": right, "total": 1000, "loss": 0.5},
    }  # fmt: skip


def table_of(*seeds: int) -> TextbookTable:
    runs = [run_of(seed, *pair) for seed in seeds for pair in pairs_of(RATES)]
    return {"about": {**PROVENANCE, "rates": list(RATES)}, "runs": runs}


def test_only_seeds_with_all_their_runs_count() -> None:
    table = table_of(3, 1, 2)
    whole = complete_runs(table)
    assert set(whole) == set(RIGHT)
    for (name, rate), runs in whole.items():
        assert [(run["seed"], run["net"], run["rate"]) for run in runs] == [
            (seed, name, rate) for seed in (1, 2, 3)
        ]
    table["runs"].pop()
    assert [run["seed"] for run in complete_runs(table)["LeNet-5", 0.1]] == [1, 3]
    with pytest.raises(StudyError, match="goes on"):
        complete_runs({**table, "runs": table["runs"][:3]})


def test_the_rate_is_chosen_on_validation_by_the_weights_that_are_kept() -> None:
    runs = complete_runs(table_of(1, 2, 3))
    assert chosen_rate(runs, "plain", RATES) == 0.01  # at .02 it reads more test digits
    assert chosen_rate(runs, "residual", RATES) == 0.02
    assert chosen_rate(complete_runs(table_of(1, 2)), "residual", RATES) == 0.01  # of equals


def test_the_difference_is_paired_by_seed() -> None:
    runs = complete_runs(table_of(1, 2, 3))
    found = difference(runs, {"plain": 0.01, "residual": 0.02})
    expected = stats.ttest_rel((84.0, 83.0, 88.0), (80.0, 81.0, 79.0))
    interval = expected.confidence_interval()
    assert found.mean == pytest.approx(5.0)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(expected.pvalue)


def test_the_table_as_in_the_book_by_hand() -> None:
    _, headers, rows = textbook_verdict.tables(table_of(1, 2, 3))[0]
    assert all(len(row) == len(headers) for row in rows)
    low, high = wilson_interval(162, 200)
    half = stats.t.ppf(0.975, 2) * 2 / 3**0.5  # of 70, 72 and 74 %
    ours = f"72.0% ({72 - half:.1f} - {72 + half:.1f})"
    theirs = f"81.0% ({100 * low:.1f} - {100 * high:.1f})"
    of_ours = [ours, "70.0 - 74.0"] * 2  # the same share of 200 and of 1,000
    assert rows[1] == ["plain", "0.005", theirs, *of_ours, "0.58", "0.20"]
    assert [row[:2] for row in rows] == [["LeNet-5", "0.1"], rows[1][:2], ["residual", "0.01"]]
    assert "3 seeds" in textbook_verdict.tables(table_of(1, 2, 3))[0][0]


def test_a_loss_that_is_no_number_leaves_no_mean() -> None:
    table = table_of(1, 2)
    table["runs"][0]["test"]["loss"] = None
    rows = textbook_verdict.tables(table)[0][2]
    assert [row[-1] for row in rows] == ["none", "0.15", "0.15"]


def test_the_validation_curves_stand_beside_the_books() -> None:
    _, headers, rows = textbook_verdict.tables(table_of(1, 2))[1]
    assert headers == ["net", "", "step 15", "step 30"]
    assert rows[4:] == [
        ["residual", "book", "53.5%", "81.5%"],
        ["residual", "ours", "85.0%", "87.5%"],  # of 180 and 160, of 170 and 180
    ]
    table = table_of(1)
    for run in table["runs"]:
        run["validation"]["step"] = [10, 30]  # the book says nothing of step 10
    assert textbook_verdict.tables(table)[1][2][4] == ["residual", "book", "-", "81.5%"]


def test_the_fair_table_has_equal_rates_and_the_chosen_ones() -> None:
    table = table_of(1, 2, 3)
    _, headers, rows = textbook_verdict.tables(table)[2]
    assert all(len(row) == len(headers) for row in rows)
    labels = ["0.005", "0.01", "0.02", "residual 0.02, plain 0.01"]
    assert [row[0] for row in rows] == labels
    assert [row[5].split()[0] for row in rows] == ["+3.00", "+4.00", "+5.00", "+5.00"]
    assert rows[3][1:5] == [*rows[2][1:3], *rows[1][3:5]]
    assert rows[3][1] == "88.7%"
    found = mean_of([4.0, 2.0, 9.0])
    assert rows[3][5] == f"+5.00 ({found.low:+.2f} to {found.high:+.2f})"
    assert rows[3][6] == f"{found.p:.2f}"
    assert textbook_verdict.tables(table_of(1))[2][2][0][5:] == ["+5.00", "one seed"]


CHOSEN = {"residual": 0.05, "plain": 0.02}
START = "Each at the learning rate that its validation digits choose (residual 0.05 and plain 0.02)"


@pytest.mark.parametrize(
    ("found", "rest"),
    [
        (
            Mean(20, 1.5, 0.5, 2.5, 0.004),
            ", the residual net reads 1.50 points more of 10,000 test digits than the plain one "
            "(95 % interval 0.50 to 2.50, p = 0.004, 20 seeds).",
        ),
        (
            Mean(8, -1.5, -2.5, -0.5, 0.0004),
            ", the plain net reads 1.50 points more of 10,000 test digits than the residual one "
            "(95 % interval 0.50 to 2.50, p < 0.001, 8 seeds).",
        ),
        (
            Mean(20, 0.3, -0.2, 0.8, 0.21),
            ", the nets cannot be told apart on 10,000 test digits: residual minus plain is +0.30 "
            "points (95 % interval -0.20 to +0.80, p = 0.21, 20 seeds).",
        ),
        (
            mean_of([2.0]),
            ", residual minus plain is +2.00 points on 10,000 test digits, but one seed tells "
            "nothing apart.",
        ),
    ],
)
def test_the_finding_follows_from_the_figures(found: Mean, rest: str) -> None:
    assert finding(found, CHOSEN, 10_000) == START + rest


def test_a_rate_at_the_end_of_the_grid_is_named() -> None:
    said = textbook_verdict.sentences(table_of(1, 2, 3))
    assert len(said) == 2
    assert "cannot be told apart on 1,000 test digits" in said[0]
    assert said[1].startswith("The best rate of the residual net, 0.02, is at the end of the grid")
    assert len(textbook_verdict.sentences(table_of(1, 2))) == 1  # both choose 0.01
    assert list(VARIANTS) == ["residual", "plain"]
