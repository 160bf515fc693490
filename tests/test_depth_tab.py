from html import escape
from pathlib import Path
from typing import Any

import pytest

from resnet import mnist
from resnet.classifier import Classifier
from resnet.studies import birth_verdict, depth, depth_verdict, stuck_verdict
from resnet.studies.depth import Case, DepthTable
from resnet.studies.depth_results import Results, results
from resnet.studies.shares import shares
from resnet.studies.short_training import pictures_of
from tests.studies import test_birth_verdict, test_depth_verdict, test_stuck
from tests.studies.stored import STORED
from tests.studies.stored import table as stored_table
from ui import depth_figures
from ui.depth import NO_SHARE, NOTHING, Depth, choice_of, saying, sent, thermometer
from ui.reading import Reader


@pytest.fixture(scope="module")
def table() -> DepthTable:
    found = depth.load()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def found(table: DepthTable) -> Results:
    return results(table)


def tab(
    classifiers: dict[str, Classifier], deep: DepthTable | None, born: Any = None, **more: Any
) -> Depth:
    return Depth(Reader(classifiers, more.get("folder", mnist.FOLDER)), deep, born)


def test_the_figures_are_the_verdicts(table: DepthTable, found: Results) -> None:
    for html, (_, _, rows) in (
        (depth_figures.accuracy(table), depth_verdict.accuracies(table, found)),
        (depth_figures.fit(table), depth_verdict.fits(table, found)),
    ):
        for row in rows:
            assert all(cell.replace("<", "&lt;") in html for cell in row)
        assert html.count("<svg") == 2


def test_live_taps_have_lines_of_their_own_where_they_are_measured(table: DepthTable) -> None:
    assert (
        "live taps" not in depth_figures.accuracy(test_depth_verdict.table()).split("<details")[0]
    )
    cases = test_depth_verdict.CASES
    picture = depth_figures.accuracy(test_depth_verdict.table(cases=cases)).split("<details")[0]
    assert picture.count("With shortcuts, live taps") == 2  # on a wide screen and on a phone


def test_the_guess_is_judged_by_the_stored_losses(
    classifiers: dict[str, Classifier], table: DepthTable, found: Results
) -> None:
    answer = depth_verdict.overfitting(table, found)
    assert answer is not None
    is_so, why = answer
    assert tab(classifiers, table).props["overfitting"] == {"isSo": is_so, "why": why}
    one_depth = stored_table([0.02], STORED)
    for part in (tab(classifiers, None), tab(classifiers, one_depth)):
        assert part.props["overfitting"] is None
        assert 'data-testid="overfitting" hidden' in str(part.html_template)


def test_the_dial_at_birth_has_a_section_where_it_is_measured(
    classifiers: dict[str, Classifier],
) -> None:
    born = test_birth_verdict.table(test_birth_verdict.apart)
    part = tab(classifiers, None, born)
    html = str(part.html_template)
    assert "$" not in html
    assert all(escape(said) in html for said in birth_verdict.sentences(born))
    figure = part.measured(None)["figures"]["birth"]
    rows = [row for _, _, rows in birth_verdict.tables(born) for row in rows]
    assert all(escape(cell) in figure for row in rows for cell in row)
    assert 'data-figure="birth"' not in str(tab(classifiers, None).html_template)
    assert 'data-figure="birth"' not in str(
        tab(classifiers, None, {**born, "runs": []}).html_template
    )


def test_stuck_or_slow_has_a_section_where_it_is_measured(
    classifiers: dict[str, Classifier],
) -> None:
    longer = test_stuck.table({("plain", 34): 80, ("plain", 66): 10, ("residual", 66): 90})
    part = Depth(Reader(classifiers, mnist.FOLDER), None, longer=longer)
    html = str(part.html_template)
    assert all(escape(said) in html for said in stuck_verdict.sentences(longer))
    figure = part.measured(None)["figures"]["stuck"]
    assert all(cell in figure for row in stuck_verdict.tables(longer)[0][2] for cell in row)
    assert figure.count("34 layers, without") == 2  # on a wide screen and on a phone
    assert 'data-figure="stuck"' not in str(tab(classifiers, None).html_template)


def test_the_thermometer_holds_every_choice(found: Results) -> None:
    stored = thermometer(found)
    assert len(stored) == 4 * 2 * 3
    plain = stored["66 true start"]["nets"]["plain"]
    assert plain == found[Case(66, True)].gradient("start")["plain"]
    assert len(plain) == 1 + 32 + 1
    seeds = len(found[Case(66, True)].seeds)
    assert stored["66 true start"]["says"].endswith(f"Medians of {seeds} seeds.")


def test_the_share_of_f_is_shown_where_it_is_measured(found: Results) -> None:
    stored = thermometer(found)
    assert stored["66 true start"]["share"] == found[Case(66, True)].share
    assert len(stored["66 true start"]["share"]) == 32
    assert stored["66 true end"]["share"] == []
    assert stored["66 true end"]["shareSays"] == NO_SHARE
    live = thermometer(results(test_depth_verdict.table(cases=test_depth_verdict.CASES)))
    assert live["34 false live"]["shareSays"].startswith("Of what a unit with a shortcut passes on")


def test_what_lies_behind_the_first_weights_is_said(
    classifiers: dict[str, Classifier], table: DepthTable, found: Results
) -> None:
    html = str(tab(classifiers, table).html_template)
    for said in (
        depth_verdict.headline(table, found),
        depth_verdict.beside(table, found),
        depth_verdict.bare(found),
        depth_verdict.first_weights(found),
    ):
        assert escape(said) in html


def test_what_is_said_is_of_both_nets() -> None:
    nets: dict[str, Any] = {"residual": [2.0, 1.0, 9.0], "plain": [1e-9, 1e-9, 1e-9]}
    assert saying(nets, 66, False, "start") == (
        "66 layers without batch norm, before the first step: with shortcuts the gradient at the "
        "stem is 2 times that at the last unit (2 against 1); without there is hardly any gradient "
        "anywhere (1e-09 at the stem, 1e-09 at the last unit)."
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
    assert depth.sent_back(18, False, seed, digits) == (reply["nets"], reply["share"])
    net = depth.build("residual", 18, False, seed)
    assert reply["share"] == shares(net, pictures_of(digits.images))


@pytest.mark.parametrize(
    "choice",
    [None, 3, [], {}, {"depth": 18}, {"depth": 19, "has_norm": True},
     {"depth": True, "has_norm": True}, {"depth": "18", "has_norm": True},
     {"depth": 18, "has_norm": 1}],
)  # fmt: skip
def test_what_is_not_offered_gets_one_sentence(
    choice: Any, classifiers: dict[str, Classifier]
) -> None:
    reply = tab(classifiers, None).send(choice)
    assert reply == {"error": "There are no such nets."}


def test_a_choice_is_taken_as_it_is() -> None:
    assert choice_of({"depth": 66, "has_norm": False}) == (66, False)


def test_without_digits_or_runs_there_is_a_sentence(
    classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    reply = tab(classifiers, None, folder=tmp_path).send({"depth": 18, "has_norm": True})
    assert "MNIST is missing" in reply["error"]
    for table in (None, stored_table([0.1], [])):
        part = tab(classifiers, table)
        html = str(part.html_template)
        assert NOTHING in html
        assert html.count("hidden>") >= 3  # what only runs can fill
        assert part.measured(None) == {"figures": {}}
