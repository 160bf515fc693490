import itertools
import math
import statistics
from typing import Any

import pytest
import scipy.stats

from resnet.checkpoint import VARIANTS
from resnet.stats import holm
from resnet.studies import depth, depth_results, depth_verdict, runs
from resnet.studies.depth import FULL, Case, DepthProvenance, DepthRun, DepthTable
from resnet.studies.depth_results import by_depth, results
from resnet.studies.depth_verdict import MISSING
from tests.studies.stored import PROVENANCE

RATES = (0.1, 0.2)
CASES = depth.cases_of((18, 34))
NARROW = [case for case in CASES if case != FULL and not case.is_live]


def run(seed: int, net: str, case: Case, rate: float, **more: Any) -> DepthRun:
    """A run that reads so many of 100 test digits, its gradient so large at the stem."""
    right = more.get("right", 50)
    stem = more.get("stem", 1.0)
    return {
        "seed": seed, "net": net, "depth": case.depth, "has_norm": case.has_norm,
        "is_live": case.is_live, "width": case.width, "rate": rate,
        "loss": more.get("loss", [2.0, 1.0]), "seconds": 1.0,
        "validation": {"step": [1], "right": [more.get("kept", right)], "loss": [1.0],
                       "total": 100},
        "test_all": {"right": right, "total": 100, "loss": 1.0},
        "gradient": {
            "start": [stem, 2.0, 3.0, 4.0],
            "live": [more.get("live", stem), 2.0, 3.0, 4.0],
            "end": [stem, 2.0, 3.0, 4.0],
        },
        "share": [0.5, more.get("share", 0.25)] * 4 if net == "residual" else [],
    }  # fmt: skip


def table(more: Any = lambda *key: {}, cases: list[Case] = NARROW) -> DepthTable:
    """Three seeds, two depths, two rates; more(seed, net, case, rate) -> what differs."""
    keys = itertools.product((1, 2, 3), VARIANTS, cases, RATES)
    about: DepthProvenance = {
        **PROVENANCE, "rates": [*RATES], "depths": [18, 34], "recipe": {"epochs": 2},
    }  # fmt: skip
    return {"about": about, "runs": [run(*key, **more(*key)) for key in keys]}


def test_each_net_is_scored_at_the_rate_that_validation_chooses() -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        is_chosen = rate == (0.2 if net == "plain" else 0.1)
        return {"kept": 60 if is_chosen else 40, "right": 70 + seed if is_chosen else 99}

    found = results(table(more))[Case(18, True)].accuracy
    assert {v: net.rate for v, net in found.items()} == {"residual": 0.1, "plain": 0.2}
    assert found["plain"].percents == [71, 72, 73]
    assert found["plain"].mean.mean == 72


def ahead(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
    """With shortcuts by 3, 9 and 6 digits, and deeper by as many more."""
    by = {1: 3, 2: 9, 3: 6}[seed] * (case.depth // 18)
    return {"right": 40 + 10 * seed + (by if net == "residual" else 0)}


def test_the_gap_is_paired_by_seed_and_its_p_corrected_for_all_that_are_shown() -> None:
    found = results(table(ahead))
    gap = found[Case(34, False)].gap
    p = scipy.stats.ttest_1samp([3, 9, 6], 0).pvalue
    assert gap.mean == pytest.approx(6)
    assert gap.p == pytest.approx(p)
    shown = depth_results.gaps(found)
    assert [case.p for case in shown.values()] == pytest.approx(holm([p] * 4))
    assert "p corrected for 4 tests" in depth_verdict.accuracies(table(ahead), found)[0]


def test_gradients_and_shares_are_medians_over_seeds_and_none_when_one_is() -> None:
    stored = table(lambda seed, *_: {"stem": 10.0**seed, "share": seed / 10})
    found = results(stored)[Case(18, True)]
    assert found.gradient("start")["plain"] == [100, 2, 3, 4]
    assert found.share == [0.5, 0.2] * 4
    assert depth_results.median([1.0, None, 3.0]) is None
    assert depth_results.median([1.0, 2.0, 9.0]) == statistics.median([1, 2, 9])


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        (1e4, "grows to 10,000 times its size"),
        (1e-5, "shrinks almost to nothing, 1.0e-05 times its size"),
        (0.5, "shrinks to 0.5 times its size"),
        (None, "is no finite number any more"),
    ],
)
def test_depth_changes_a_gradient_so_many_times(stem: float | None, words: str) -> None:
    stored = table(lambda seed, net, case, rate: {"stem": stem if case.depth == 34 else 1.0})
    assert depth_verdict.flow(results(stored), True, "start").count(words) == 2


def test_first_weights_are_told_from_depth() -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        return {"stem": 1e-9, "live": 3.0} if case.depth == 34 else {}

    said = depth_verdict.first_weights(results(table(more)))
    before, after = said.split("The first weights count taps")
    assert before.count("shrinks almost to nothing") == after.count("grows to 3 times") == 2


@pytest.mark.parametrize(
    ("residual", "plain", "words"),
    [
        ((80, 82, 84), (20, 22, 23), "the net with shortcuts is"),
        ((20, 22, 23), (80, 82, 84), "the net without is"),
        ((80, 60, 70), (70, 80, 60), "cannot be told apart"),
        ((10, 10, 10), (11, 11, 12), "neither reads more than guessing"),
    ],
)
def test_sentences_follow_the_figures(
    residual: tuple[int, ...], plain: tuple[int, ...], words: str
) -> None:
    rights = {"residual": residual, "plain": plain}
    stored = table(lambda seed, net, *_: {"right": rights[net][seed - 1]})
    found = results(stored)
    assert depth_verdict.beside(stored, found).count(words) == 2
    means = [round(statistics.fmean(of)) for of in (residual, plain)]
    assert depth_verdict.headline(stored, found) == (
        f"After 2 steps at 18 layers: with shortcuts {means[0]} of 100 digits, without {means[1]}. "
        f"At 34 layers: {means[0]} and {means[1]}. Guessing reads 10."
    )
    p_in_table = depth_verdict.accuracies(stored, found)[2][0][-1]
    assert (p_in_table == "both guess") == ("guessing" in words)


@pytest.mark.parametrize(
    ("lost", "cell", "said"),
    [
        ([1], "1 of 3 diverged", "(1 of 3 trainings diverge)"),
        ([1, 2, 3], "3 of 3 diverged", "(every training diverges)"),
    ],
)
def test_trainings_that_diverge_are_said_to(lost: list[int], cell: str, said: str) -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        is_lost = net == "plain" and case == Case(34, False) and seed in lost
        return {"loss": [1.0, None]} if is_lost else {}

    stored = table(more)
    found = results(stored)
    *_, shallow, deep = depth_verdict.accuracies(stored, found)[2][:4]
    assert not any("diverged" in word for word in [*shallow, deep[3]])
    assert deep[5].endswith(cell)
    assert depth_verdict.bare(found).count(said) == 1


def test_what_never_varies_has_no_interval() -> None:
    rights = {"residual": 90, "plain": 10}
    stored = table(lambda seed, net, *_: {"right": rights[net]})
    row = depth_verdict.accuracies(stored, results(stored))[2][0]
    assert row[3] == "90.0%, every time"
    assert row[5] == "10.0%, always the same answer"


@pytest.mark.parametrize(
    ("shallow", "deep", "said"),
    [
        ((2, 2, 3), (20, 21, 22), "the net with shortcuts reads 2 of 100 digits more at 18 layers"),
        ((-2, -2, -3), (-20, -21, -22), "the net without reads 2 of 100 digits more at 18"),
        ((20, 21, 22), (1, 2, 3), "the nets lie furthest apart at 18 layers"),
        ((-1, -2, -3), (20, 21, 22), "the nets lie furthest apart at 34 layers"),
        ((-9, 2, 9), (20, 21, 22), "the nets lie furthest apart at 34 layers"),  # no difference
    ],
)
def test_the_heading_names_who_is_surely_ahead(
    shallow: tuple[int, ...], deep: tuple[int, ...], said: str
) -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        gap = (shallow if case.depth == 18 else deep)[seed - 1]
        return {"right": 50 + (gap if net == "residual" else 0)}

    found = results(table(more, [Case(18, True), Case(34, True)]))
    assert said in depth_verdict.heading(found)


@pytest.mark.parametrize(
    ("losses", "rights", "is_overfitting", "said"),
    [
        ({18: 0.3, 34: 2.2}, {18: 90, 34: 20}, False, "cannot even fit the digits"),
        ({18: 0.3, 34: 0.5}, {18: 90, 34: 80}, False, "fits less well the digits"),
        ({18: 0.3, 34: 0.1}, {18: 90, 34: 80}, True, "reads fewer new digits but"),
        ({18: 0.3, 34: 0.1}, {18: 90, 34: 95}, False, "reads no fewer new digits"),
    ],
)
def test_overfitting_is_to_fit_the_training_digits_and_to_fail_on_others(
    losses: dict[int, float], rights: dict[int, int], is_overfitting: bool, said: str
) -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        # The last epoch, of two, is one step long.
        return {"loss": [9.0, losses[case.depth]], "right": rights[case.depth]}

    stored = table(more)
    answer = depth_verdict.overfitting(stored, results(stored))
    assert answer is not None
    found, sentence = answer
    assert found == is_overfitting
    assert said in sentence
    word = "Yes" if is_overfitting else "No"
    assert f"overfitting? {word}. Without" in " ".join(depth_verdict.sentences(stored))
    figures = f"{losses[18]:.2f} at 18 layers and {losses[34]:.2f} at 34, and guessing has 2.30."
    assert figures in sentence


def test_a_loss_that_is_lost_leaves_no_mean() -> None:
    stored = table(lambda seed, *_: {"loss": [1.0, None if seed == 2 else 1.0]})
    found = results(stored)
    assert found[Case(18, True)].training_loss(2) == {"residual": None, "plain": None}
    assert depth_verdict.overfitting(stored, found) is None


# --- tables that are not whole -------------------------------------------------------------------


def test_seeds_that_are_not_whole_are_left_out() -> None:
    stored = table()
    left = stored["runs"].pop()
    found = results(stored)
    for case in NARROW:
        assert found[case].seeds == ([1, 2] if case == depth.case_of(left) else [1, 2, 3])
    assert "2 to 3 seeds" in depth_verdict.accuracies(stored, found)[0]
    with pytest.raises(runs.StudyError, match="goes on"):
        results({**stored, "runs": []})


@pytest.mark.parametrize("count", range(1, len(CASES) + 1))
def test_what_is_missing_is_said_to_be(count: int) -> None:
    """Whichever cases are there, all can be printed."""
    for cases in (CASES[:count], CASES[-count:]):
        stored = table(cases=cases)
        printed = depth_verdict.tables(stored)[0][2]
        assert len(printed) == len(CASES)
        assert sum(MISSING in row for row in printed) == len(CASES) - count
        said = " ".join(depth_verdict.sentences(stored))
        assert (MISSING in said.lower()) == (count < len(CASES))


def test_one_seed_tells_nothing_apart() -> None:
    stored = table()
    stored["runs"] = [of for of in stored["runs"] if of["seed"] == 1]
    found = results(stored)
    assert "one seed tells nothing apart" in depth_verdict.beside(stored, found)
    assert depth_verdict.accuracies(stored, found)[2][0][-1] == "one seed"
    assert all(math.isnan(gap.p) for gap in depth_results.gaps(found).values())


def test_accuracies_of_live_taps_and_of_full_width_are_told_apart() -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        right = {16: 20, 64: 60}[case.width] + 10 * case.is_live
        return {"right": right + (net == "residual")}

    found = results(table(more, CASES))
    said = depth_verdict.bare(found)
    assert "at 18 layers 21 with shortcuts and 20 without, and from kernels enlarged" in said
    assert "31 with shortcuts and 30 without" in said
    assert "of 100 digits: 61 with shortcuts and 60 without" in depth_verdict.width(found)
    assert [*by_depth(found, False, is_live=True)] == [18, 34]


def test_the_share_that_batch_norm_leaves_is_told_by_depth() -> None:
    def more(seed: int, net: str, case: Case, rate: float) -> dict[str, Any]:
        return {"share": 0.7 if not case.has_norm else 0.4 if case.depth == 18 else 0.025}

    found = results(table(more))
    assert depth_verdict.shrinking(found).endswith(
        "with batch norm 40% at 18 layers and 2.5% at 34; "
        "without batch norm 70% at 18 layers and 70% at 34."
    )
    assert depth_verdict.share_table(found)[2][1] == ["34", "yes", "50%", "2.5%", "2.5%"]


def test_a_rate_at_the_end_of_the_grid_is_said_to_be() -> None:
    stored = table()
    (sentence,) = depth_verdict.at_the_end_of_the_grid(stored, results(stored))
    assert "In 8 of 8 cases" in sentence


def test_the_tables_hold_the_figures() -> None:
    stored = depth.load()
    assert stored is not None
    accuracies, fits, shares, *gradients = depth_verdict.tables(stored)
    assert len(accuracies[2]) == 13
    assert [len(rows) for _, _, rows in gradients] == [16] * len(depth_verdict.WHEN)
    rate = results(stored)[Case(66, True)].rates["plain"]
    of_plain = [
        of
        for of in stored["runs"]
        if (depth.case_of(of), of["net"], of["rate"]) == (Case(66, True), "plain", rate)
    ]
    row = next(row for row in accuracies[2] if row[:2] == ["66", "yes"])
    assert row[4] == f"{rate:g}"
    right = statistics.fmean(of["test_all"]["right"] / 100 for of in of_plain)
    assert row[5].startswith(f"{right:.1f}%")
    losses = [loss for of in of_plain for loss in of["loss"][-16:] if loss is not None]
    last = statistics.fmean(losses)
    row = next(row for row in fits[2] if row[:2] == ["66", "plain"])
    assert row[2:] == [f"{last:.2f}", f"{100 - right:.1f}%"]
    assert {row[1] for row in shares[2]} >= {"yes", "no"}
