import itertools
import statistics
from typing import Any

import pytest
import scipy.stats

from resnet.checkpoint import VARIANTS
from resnet.studies import depth, depth_verdict, runs
from resnet.studies.depth import DepthProvenance, DepthRun, DepthTable
from tests.studies.stored import PROVENANCE


def run(seed: int, net: str, layers: int, has_norm: bool, rate: float, **more: Any) -> DepthRun:
    """A run that reads so many of 100 test digits, its gradient so large at the stem."""
    right = more.get("right", 50)
    stem = more.get("stem", 1.0)
    return {
        "seed": seed, "net": net, "depth": layers, "has_norm": has_norm, "rate": rate,
        "loss": [1.0], "seconds": 1.0,
        "validation": {"step": [1], "right": [more.get("kept", right)], "loss": [1.0],
                       "total": 100},
        "test_all": {"right": right, "total": 100, "loss": 1.0},
        "gradient": {
            "start": [stem, 2.0, 3.0, 4.0],
            "live": [more.get("live", stem), 2.0, 3.0, 4.0],
            "end": [stem, 2.0, 3.0, 4.0],
        },
    }  # fmt: skip


def table(**change: Any) -> DepthTable:
    """Three seeds, two depths, two rates; change(seed, net, layers, has_norm, rate) -> more."""
    more = change.get("more", lambda *key: {})
    keys = itertools.product((1, 2, 3), VARIANTS, (18, 34), (True, False), (0.1, 0.2))
    about: DepthProvenance = {**PROVENANCE, "rates": [0.1, 0.2], "depths": [18, 34], "width": 16}
    return {"about": about, "runs": [run(*key, **more(*key)) for key in keys]}


def test_each_net_is_scored_at_the_rate_that_validation_chooses() -> None:
    def more(seed: int, net: str, layers: int, has_norm: bool, rate: float) -> dict[str, Any]:
        is_chosen = rate == (0.2 if net == "plain" else 0.1)
        return {"kept": 60 if is_chosen else 40, "right": 70 + seed if is_chosen else 99}

    found = depth_verdict.accuracy(table(more=more), 18, True)
    assert {v: net.rate for v, net in found.items()} == {"residual": 0.1, "plain": 0.2}
    assert found["plain"].percents == [71, 72, 73]
    assert found["plain"].mean.mean == 72


def test_the_gap_is_paired_by_seed() -> None:
    ahead = {1: 3, 2: 9, 3: 6}

    def more(seed: int, net: str, *_: Any) -> dict[str, Any]:
        return {"right": 50 + 10 * seed + (ahead[seed] if net == "residual" else 0)}

    found = depth_verdict.gap(table(more=more), 34, False)
    assert found.mean == pytest.approx(6)
    assert found.p == pytest.approx(scipy.stats.ttest_1samp([3, 9, 6], 0).pvalue)


def test_gradients_are_medians_over_seeds_and_none_when_one_is() -> None:
    found = table(more=lambda seed, *_: {"stem": 10.0**seed})
    assert depth_verdict.gradient(found, 18, True, "start")["plain"] == [100, 2, 3, 4]
    assert depth_verdict.median([1.0, None, 3.0]) is None
    assert depth_verdict.median([1.0, 2.0, 9.0]) == statistics.median([1, 2, 9])


@pytest.mark.parametrize(
    ("stem", "word"), [(1e4, "10,000 times"), (1e-5, "1.0e-05 times"), (7.0, "7 times")]
)
def test_depth_changes_a_gradient_so_many_times(stem: float, word: str) -> None:
    found = table(more=lambda seed, net, layers, *_: {"stem": stem if layers == 34 else 1.0})
    assert depth_verdict.flow(found, True, "start").count(word) == 2


def test_a_gradient_that_is_lost_is_said_to_be() -> None:
    found = table(more=lambda seed, net, layers, *_: {"stem": None if layers == 34 else 1.0})
    assert depth_verdict.flow(found, True, "end").count("no finite number") == 2


def test_first_weights_are_told_from_depth() -> None:
    def more(seed: int, net: str, layers: int, *_: Any) -> dict[str, Any]:
        return {"stem": 1e-9, "live": 3.0} if layers == 34 else {}

    said = depth_verdict.first_weights(table(more=more))
    before, after = said.split("The first weights count taps")
    assert before.count("becomes 1.0e-09 times") == after.count("becomes 3 times") == 2


@pytest.mark.parametrize(
    ("residual", "plain", "words"),
    [
        ((80, 82, 84), (20, 22, 23), "the residual net is"),
        ((20, 22, 23), (80, 82, 84), "the plain net is"),
        ((80, 60, 70), (70, 80, 60), "cannot be told apart"),
        ((10, 10, 10), (11, 11, 12), "neither reads more than guessing"),
    ],
)
def test_sentences_follow_the_figures(
    residual: tuple[int, ...], plain: tuple[int, ...], words: str
) -> None:
    rights = {"residual": residual, "plain": plain}
    found = table(more=lambda seed, net, *_: {"right": rights[net][seed - 1]})
    assert words in depth_verdict.falling(found, True)
    p_in_table = depth_verdict.accuracies(found)[2][0][-1]
    assert (p_in_table == "both guess") == ("guessing" in words)


@pytest.mark.parametrize(
    ("lost", "cell", "said"),
    [
        ([1], "1 of 3 diverged", "(1 of 3 trainings diverge)"),
        ([1, 2, 3], "3 of 3 diverged", "(every training diverges)"),
    ],
)
def test_trainings_that_diverge_are_said_to(lost: list[int], cell: str, said: str) -> None:
    found = table()
    for run_of in found["runs"]:
        if run_of["net"] == "plain" and run_of["depth"] == 34 and run_of["seed"] in lost:
            run_of["loss"] = [1.0, None]
    shallow, deep = depth_verdict.accuracies(found)[2][:2]
    assert not any("diverged" in word for word in [*shallow, deep[3]])
    assert deep[5].endswith(cell)
    assert depth_verdict.falling(found, True).count(said) == 1


@pytest.mark.parametrize(
    ("shallow", "deep", "said"),
    [
        ((2, 2, 3), (20, 21, 22), "the residual net is 2 points ahead at 18 layers and 21 at 34"),
        ((-2, -2, -3), (-20, -21, -22), "the plain net is 2 points ahead at 18 layers and 21 at"),
        ((20, 21, 22), (1, 2, 3), "the nets lie furthest apart at 18 layers"),
        ((-1, -2, -3), (20, 21, 22), "the nets lie furthest apart at 34 layers"),
        ((-9, 2, 9), (20, 21, 22), "the nets lie furthest apart at 34 layers"),  # no difference
    ],
)
def test_the_heading_names_who_is_surely_ahead(
    shallow: tuple[int, ...], deep: tuple[int, ...], said: str
) -> None:
    def more(seed: int, net: str, layers: int, *_: Any) -> dict[str, Any]:
        gap = (shallow if layers == 18 else deep)[seed - 1]
        return {"right": 50 + (gap if net == "residual" else 0)}

    assert said in depth_verdict.heading(table(more=more))


def test_seeds_that_are_not_whole_are_left_out() -> None:
    found = table()
    found["runs"].pop()
    assert depth_verdict.whole_seeds(found) == [1, 2]
    with pytest.raises(runs.StudyError, match="goes on"):
        depth_verdict.whole_seeds({**found, "runs": []})


def test_a_rate_at_the_end_of_the_grid_is_said_to_be() -> None:
    (sentence,) = depth_verdict.at_the_end_of_the_grid(table())
    assert "In 8 of 8 cases" in sentence


def test_the_tables_hold_the_figures() -> None:
    stored = depth.load()
    assert stored is not None
    accuracies, *gradients = depth_verdict.tables(stored)
    assert len(accuracies[2]) == 8
    assert [len(rows) for _, _, rows in gradients] == [16] * len(depth_verdict.WHEN)
    by_hand = [
        r["test_all"]["right"] / 100
        for r in stored["runs"]
        if (r["net"], r["depth"], r["has_norm"], r["rate"]) == ("plain", 66, True, 0.005)
    ]
    row = next(row for row in accuracies[2] if row[:2] == ["66", "yes"])
    assert row[4] == "0.005"
    assert row[5].startswith(f"{statistics.fmean(by_hand):.1f}%")
