from html import escape
from pathlib import Path
from typing import Any

import pytest

from resnet import mnist
from resnet.classifier import Classifier
from resnet.studies import depth, depth_verdict
from resnet.studies.depth import DepthTable
from tests.studies.stored import table as stored_table
from ui.depth import NOTHING, Depth, choice_of, figure, is_whole, saying, sent, thermometer
from ui.reading import Reader


@pytest.fixture(scope="module")
def table() -> DepthTable:
    found = depth.load()
    assert found is not None
    return found


def test_the_figures_are_the_verdicts(table: DepthTable) -> None:
    html = figure(table)
    for row in depth_verdict.accuracies(table)[2]:
        assert all(cell.replace("<", "&lt;") in html for cell in row)
    assert "<svg" in html


def test_the_thermometer_holds_every_choice(table: DepthTable) -> None:
    found = thermometer(table)
    assert len(found) == 4 * 2 * 3
    plain = found["66 true start"]["nets"]["plain"]
    assert plain == depth_verdict.gradient(table, 66, True, "start")["plain"]
    assert len(plain) == 1 + 32 + 1
    assert found["66 true start"]["says"].endswith("Medians of 5 seeds.")


def test_first_weights_are_told_from_depth_beside_it(
    classifiers: dict[str, Classifier], table: DepthTable
) -> None:
    html = str(Depth(Reader(classifiers, mnist.FOLDER), table).html_template)
    assert escape(depth_verdict.first_weights(table)) in html


def test_what_is_said_is_of_both_nets() -> None:
    nets: dict[str, Any] = {"residual": [2.0, 1.0, 9.0], "plain": [1e-9, 1e-9, 1e-9]}
    assert saying(nets, 66, False, "start") == (
        "66 layers without batch norm, before the first step: in the residual net the gradient at "
        "the stem is 2 times that at the last unit (2 against 1); in the plain net there is hardly "
        "any gradient anywhere (1e-09 at the stem, 1e-09 at the last unit)."
    )


def test_an_error_is_sent_back_through_both_nets(classifiers: dict[str, Classifier]) -> None:
    reader = Reader(classifiers, mnist.FOLDER)
    reply = sent({"depth": 18, "has_norm": False}, reader)
    assert set(reply["nets"]) == {"residual", "plain"}
    assert all(len(values) == 10 for values in reply["nets"].values())
    assert reply["nets"]["residual"][0] > 100 * reply["nets"]["plain"][0]
    assert reply != sent({"depth": 18, "has_norm": False}, reader)  # another seed
    seed = int(reply["says"].rsplit(" ", 1)[1].rstrip("."))
    digits = mnist.load().test.first(depth.ONE_ERROR)
    assert depth.sent_back(18, False, seed, digits) == reply["nets"]


@pytest.mark.parametrize(
    "choice",
    [None, 3, [], {}, {"depth": 18}, {"depth": 19, "has_norm": True},
     {"depth": True, "has_norm": True}, {"depth": "18", "has_norm": True},
     {"depth": 18, "has_norm": 1}],
)  # fmt: skip
def test_what_is_not_offered_gets_one_sentence(
    choice: Any, classifiers: dict[str, Classifier]
) -> None:
    reply = Depth(Reader(classifiers, mnist.FOLDER), None).send(choice)
    assert reply == {"error": "There are no such nets."}


def test_a_choice_is_taken_as_it_is() -> None:
    assert choice_of({"depth": 66, "has_norm": False}) == (66, False)


def test_without_digits_or_runs_there_is_a_sentence(
    classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    reader = Reader(classifiers, tmp_path)
    reply = Depth(reader, None).send({"depth": 18, "has_norm": True})
    assert "MNIST is missing" in reply["error"]
    for table in (None, stored_table([0.1], [])):
        assert not is_whole(table)
        assert NOTHING in str(Depth(reader, table).html_template)
