"""The tab of the race: what a browser may ask of it, and what is drawn."""

import re
from typing import Any

import gradio as gr
import pytest

from resnet.studies.race import DEPTHS, RECIPE, USUAL_DEPTH
from resnet.studies.race_queue import RaceQueue
from resnet.studies.race_verdict import bands
from tests.studies.stored import STORED
from tests.studies.stored import table as stored_table
from ui.cards import LOOKS
from ui.race import Race, choice_of, figure, since_of, ticket_of, twin

RATES = [0.005, 0.02]
CHOICE: dict[str, Any] = {"depth": 34, "has_norm": False, "rate": 0.02}


def test_what_is_offered_can_be_chosen() -> None:
    for depth in DEPTHS:
        for has_norm in (True, False):
            for rate in RATES:
                choice = {"depth": depth, "has_norm": has_norm, "rate": rate}
                assert choice_of(choice, RATES) == (depth, has_norm, rate)


@pytest.mark.parametrize(
    "choice",
    [
        None,
        7,
        [],
        {},
        [34, False, 0.02],
        {**CHOICE, "depth": 19},
        {**CHOICE, "depth": 34.0},
        {**CHOICE, "depth": "34"},
        {**CHOICE, "depth": [34]},
        {**CHOICE, "depth": True},
        {**CHOICE, "has_norm": 0},
        {**CHOICE, "has_norm": None},
        {**CHOICE, "rate": 0.01},
        {**CHOICE, "rate": "0.02"},
        {**CHOICE, "rate": float("nan")},
        {**CHOICE, "rate": float("inf")},
        {**CHOICE, "rate": 10**400},
        {**CHOICE, "rate": [0.02]},
        {"depth": 34, "has_norm": False},
    ],
)
def test_no_other_race_can_be_had(choice: Any) -> None:
    with pytest.raises(gr.Error) as error:
        choice_of(choice, RATES)
    assert error.value.message == "There is no such race."


@pytest.mark.parametrize("asked", [None, 7, "x", [], {}, {"ticket": 7}, {"ticket": "x" * 65}])
def test_what_is_no_ticket(asked: Any) -> None:
    with pytest.raises(gr.Error) as error:
        ticket_of(asked)
    assert error.value.message == "There is no such race."


@pytest.mark.parametrize("since", [None, "3", -1, 1.0, True, [1]])
def test_what_is_no_point(since: Any) -> None:
    with pytest.raises(gr.Error) as error:
        since_of({"ticket": "x", "since": since})
    assert error.value.message == "There is no such point of a race."


def test_the_stored_runs_are_drawn_for_both_nets_and_said_in_a_table() -> None:
    found = bands(STORED, 18, True, 0.02)
    picture = figure(found)
    assert picture.count("<svg") == picture.count("data-axes=") == 2
    assert picture.count("<figcaption>") == 1
    for variant in LOOKS:
        strokes = re.findall(rf"<path[^>]*stroke: var\(--{variant}\)[^>]*>", picture)
        assert len(strokes) == 2
        assert all(("dasharray" in stroke) == (variant == "plain") for stroke in strokes)
        assert len(re.findall(rf"fill: var\(--{variant}\)", picture)) == 2
    cells = re.findall(r"<t[dh][^>]*>\s*(.*?)\s*</t[dh]>", twin(found))
    assert cells[-7:] == ["10", "90", "110", "160", "60", "80", "81"]
    axes = figure({})
    assert axes.count("data-axes=") == 2
    assert "var(--residual)" not in axes
    assert twin({}) == '<p class="note">There are no stored runs of this choice.</p>'


def test_the_rate_is_that_of_the_stored_runs() -> None:
    stored = stored_table(RATES, [{**run, "depth": USUAL_DEPTH} for run in STORED])
    for table, rates, checked in ((stored, RATES, "0.02"), (None, None, "0.02")):
        page = str(Race(RaceQueue(), table).html_template)
        assert "$" not in page
        inputs = re.findall(r'name="race-rate" value="([\d.]+)"( checked)?', page)
        assert [value for value, is_checked in inputs if is_checked] == [checked]
        if rates:
            assert [float(value) for value, _ in inputs] == rates
    assert f"{RECIPE.train:,} digits" in page
