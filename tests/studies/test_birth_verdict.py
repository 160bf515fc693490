import itertools
from typing import Any

import pytest

from resnet.studies import birth_verdict
from resnet.studies.birth import PAIRS, BirthProvenance, BirthRun, BirthTable, Pair
from resnet.studies.birth_verdict import ONE, PLAIN, ROOT, ZERO, results
from resnet.studies.depth_verdict import MISSING
from resnet.studies.runs import StudyError
from tests.studies.stored import PROVENANCE


def run(seed: int, layers: int, pair: Pair, rate: float, **more: Any) -> BirthRun:
    """A run that reads so many of 100 test digits."""
    right = more.get("right", 50)
    return {
        "seed": seed, "depth": layers, "net": pair[0], "start": pair[1], "rate": rate,
        "loss": more.get("loss", [1.0]), "seconds": 1.0,
        "validation": {"step": [1], "right": [more.get("kept", right)], "loss": [1.0],
                       "total": 100},
        "test_all": {"right": right, "total": 100, "loss": 1.0},
        "share": [0.5, more.get("share", 0.25)] if pair[0] == "residual" else [],
    }  # fmt: skip


def table(more: Any = lambda *key: {}) -> BirthTable:
    """Three seeds, two depths, two rates."""
    about: BirthProvenance = {**PROVENANCE, "rates": [0.1, 0.2], "depths": [18, 34]}
    keys = itertools.product((1, 2, 3), (18, 34), PAIRS, (0.1, 0.2))
    return {"about": about, "runs": [run(*key, **more(*key)) for key in keys]}


RIGHT = {ONE: 30, ROOT: 60, ZERO: 10, PLAIN: 11}


def apart(seed: int, layers: int, pair: Pair, rate: float) -> dict[str, Any]:
    """At 34 layers f turned down helps and f at 0 harms; at 18 all read about as many."""
    right = RIGHT[pair] if layers == 34 else 50
    return {"right": right + (seed * 3 + PAIRS.index(pair) * 2) % 4}


def test_the_finding_follows_the_figures() -> None:
    stored = table(apart)
    headline, root, zero = birth_verdict.sentences(stored)
    assert headline == (
        "Without batch norm, 34 layers, 1 steps: the net with shortcuts reads 32 of 100 digits. It "
        "reads 61 if f begins turned down by the square root of the number of units, 12 if f "
        "begins at 0. Guessing reads 10."
    )
    assert root == (
        "Beside f as it is, f / √units: more digits at 34 layers, cannot be told apart at 18 "
        "layers."
    )
    assert zero == (
        "Beside f as it is, f at 0: fewer digits at 34 layers, cannot be told apart at 18 layers."
    )


def test_each_net_is_scored_at_the_rate_that_validation_chooses() -> None:
    def more(seed: int, layers: int, pair: Pair, rate: float) -> dict[str, Any]:
        is_chosen = rate == (0.2 if pair == ROOT else 0.1)
        return {"kept": 60 if is_chosen else 40, "right": 70 + seed if is_chosen else 99}

    found = results(table(more))[18]
    assert {pair: net.accuracy.rate for pair, net in found.items()} == {
        ONE: 0.1, ROOT: 0.2, ZERO: 0.1, PLAIN: 0.1,
    }  # fmt: skip
    assert found[ROOT].accuracy.percents == [71, 72, 73]


def test_tables_tell_of_each_net_and_of_its_shares() -> None:
    stored = table(lambda seed, layers, pair, rate: {"share": seed / 100, "right": 40 + seed})
    accuracies, shares = birth_verdict.tables(stored)
    assert [row[0] for row in accuracies[2]] == ["18", "34"]
    assert all(len(row) == len(accuracies[1]) for row in accuracies[2])
    assert accuracies[2][0][2].startswith("42.0% (")
    assert shares[2][1] == ["18", "f / √units", "50%", "2%"]


def test_a_depth_without_a_whole_seed_is_not_measured_yet() -> None:
    stored = table()
    stored["runs"] = [of for of in stored["runs"] if of["depth"] == 18]
    rows = birth_verdict.accuracies(stored, results(stored))[2]
    assert MISSING not in rows[0]
    assert rows[1].count(MISSING) == len(PAIRS)
    assert all(len(row) == len(rows[0]) for row in rows)
    with pytest.raises(StudyError, match="goes on"):
        results({**stored, "runs": []})


def test_one_seed_tells_nothing_apart() -> None:
    stored = table(apart)
    stored["runs"] = [of for of in stored["runs"] if of["seed"] == 1]
    rows = birth_verdict.accuracies(stored, results(stored))[2]
    assert rows[1][-2].endswith("one seed")
    assert "more digits" not in " ".join(birth_verdict.sentences(stored))
