"""The board: what a browser may ask of it, what it gets, and which figures stand on it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from resnet import checkpoint, ink, lenses, mnist, samples
from resnet.classifier import Classifier
from resnet.surgery import INTACT, UNITS, Unit, without
from ui.board import Board, figures
from ui.question import Inside, inside_of
from ui.reading import Reader

WHOLE = {"is_out": False, "has_shortcut": True, "dial": 1}


def board(lens: str = "maps", **changed: dict[str, Any]) -> dict[str, Any]:
    """As a browser sends it: board(unit2={"is_out": True})."""
    units = [{**WHOLE, **changed.get(f"unit{i}", {})} for i in range(1, UNITS + 1)]
    return {"units": units, "lens": lens}


@pytest.fixture
def reader(classifiers: dict[str, Classifier]) -> Reader:
    return Reader(classifiers, mnist.FOLDER)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (board(), INTACT),
        (board(unit2={"is_out": True}), without([2])),
        (board(unit1={"has_shortcut": False}), (Unit(has_shortcut=False), *INTACT[1:])),
        (board(unit8={"dial": 0}), (*INTACT[:7], Unit(dial=0.0))),
        (board(unit8={"dial": 1.25}), (*INTACT[:7], Unit(dial=1.25))),
    ],
)
def test_what_a_browser_wants_done(asked: dict[str, Any], expected: Any) -> None:
    assert inside_of(asked) == Inside(expected, asked["lens"])


@pytest.mark.parametrize(
    "asked",
    [
        7,
        [],
        {},
        {"units": None, "lens": "maps"},
        {"units": [WHOLE] * 7, "lens": "maps"},
        {"units": [WHOLE] * 9, "lens": "maps"},
        {"units": {"0": WHOLE}, "lens": "maps"},
        {"units": [WHOLE] * 7 + [None], "lens": "maps"},
        {"units": [WHOLE] * 7 + [{"is_out": True}], "lens": "maps"},
        board(unit1={"more": 1}),
        board(unit1={"is_out": 1}),
        board(unit1={"is_out": None}),
        board(unit1={"has_shortcut": "yes"}),
        board(unit1={"dial": True}),
        board(unit1={"dial": "1"}),
        board(unit1={"dial": -0.01}),
        board(unit1={"dial": 2.01}),
        board(unit1={"dial": float("nan")}),
        board(unit1={"dial": float("inf")}),
        board(unit1={"dial": 10**400}),
        board(unit1={"dial": [1]}),
        board(lens="x-ray"),
        {**board(), "lens": None},
        {**board(), "lens": ["maps"]},
    ],
)
def test_what_cannot_be_done_is_one_sentence(reader: Reader, asked: Any) -> None:
    with pytest.raises(gr.Error) as error:
        reader.read({"strokes": samples.sample(3), "board": asked})
    assert error.value.message.endswith(".")


def test_lenses_are_those_that_there_are() -> None:
    for lens in lenses.LENSES:
        assert inside_of(board(lens)) == Inside(INTACT, lens)


def test_a_whole_board_answers_as_without_one(reader: Reader) -> None:
    drawing = {"strokes": samples.sample(3)}
    usual, reply = reader.read(drawing), reader.read({**drawing, "board": board()})
    assert reply["picture"] == usual["picture"]
    for variant in checkpoint.VARIANTS:
        expected = usual["answers"][variant]["probabilities"]
        assert reply["answers"][variant]["probabilities"] == pytest.approx(expected, abs=1e-4)
        assert reply["answers"][variant]["digit"] == 3
    assert "board" not in usual


@pytest.mark.parametrize("lens", ["maps", "edit", "why"])
def test_an_altered_net_gives_the_answers_and_the_cells(
    reader: Reader, classifiers: dict[str, Classifier], lens: str
) -> None:
    picture = ink.from_strokes(samples.sample(5))
    asked = {"strokes": samples.sample(5), "board": board(lens, unit2={"is_out": True})}
    reply = reader.read(asked)
    for variant, net in classifiers.items():
        answer, cells = net.dissect(picture, without([2]), lens)
        assert reply["answers"][variant] == answer.as_json()
        assert reply["board"][variant] == cells
        assert len(cells) == 1 + UNITS
        assert answer.probabilities != net.answer(picture[None])[0].probabilities
    json.dumps(reply)
    assert "closed" not in reply
    # The endpoints stay those of the whole nets.
    assert reader.strokes(samples.sample(5))["plain"]["digit"] == 5


def test_a_closed_lens_says_why_and_the_answers_come_all_the_same(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    dissect = Classifier.dissect

    def closed(self: Classifier, picture: Any, settings: Any, lens: str) -> Any:
        if lens == "left":
            raise lenses.LensError("Nothing was fitted to these weights.")
        return dissect(self, picture, settings, lens)

    monkeypatch.setattr(Classifier, "dissect", closed)
    strokes, altered = samples.sample(4), {"unit1": {"dial": 0.5}}
    reply = reader.read({"strokes": strokes, "board": board("left", **altered)})
    assert reply["closed"] == "Nothing was fitted to these weights."
    assert reply["board"] == {}
    usual = reader.read({"strokes": strokes, "board": board("maps", **altered)})
    assert usual["answers"] == reply["answers"]


def test_the_nearest_digits_come_with_their_pictures(reader: Reader) -> None:
    reply = reader.read({"strokes": samples.sample(4), "board": board("near")})
    train = mnist.load().train
    cells: list[Any] = [cell for row in reply["board"].values() for cell in row]
    assert {str(index) for cell in cells for index in cell["digits"]} == reply["digits"].keys()
    for cell in cells:
        assert train.labels[cell["digits"]].tolist() == cell["labels"]
    for index, picture in reply["digits"].items():
        assert base64.b64decode(picture) == train.images[int(index)].numpy().tobytes()


def test_without_mnist_the_nearest_are_not_named(
    classifiers: dict[str, Classifier], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = Reader(classifiers, tmp_path)
    reply = reader.read({"strokes": samples.sample(4), "board": board("near")})
    missing = "The training digits cannot be shown: MNIST is missing or damaged."
    assert reply["closed"] == missing
    assert reply["board"] == {}
    assert reply["answers"]["plain"]["digit"] == 4
    assert str(tmp_path) in capsys.readouterr().err


def test_in_the_lab_the_board_shows_the_prepared_picture(reader: Reader) -> None:
    asked = {"strokes": samples.sample(4), "lab": {"on": [], "pen": 52}, "board": board()}
    reply = reader.read(asked)
    assert len(reply["steps"]) == 5
    assert reply["picture"] == reply["steps"][-1] == reply["steps"][0]
    assert list(reply["board"]) == list(checkpoint.VARIANTS)


def test_figures_are_of_these_weights_or_there_are_none(
    classifiers: dict[str, Classifier], variant: str
) -> None:
    net = classifiers[variant]
    own = {"weights_sha256": net.about["weights_sha256"], "total": 10, "whole": 9}
    seeds: list[Any] = [{variant: {"seed": 0, "total": 10, "whole": 8}}, {"other": {}}]
    about = {"recipe of the seeds": {"epochs": 1}}
    found = figures(variant, net, {"about": about, "shipped": {variant: own}, "seeds": seeds})
    assert found == {"shipped": own, "seeds": [seeds[0][variant]], "epochs": 1}
    other = {**own, "weights_sha256": "0" * 64}
    elsewhere = {"shipped": {variant: other}, "seeds": seeds}
    tables: list[Any] = [None, {}, {"shipped": {}}, elsewhere]
    for measured in tables:
        assert figures(variant, net, measured) is None


@pytest.mark.parametrize("loaded", [checkpoint.VARIANTS, ("residual",), ("plain",)])
def test_the_nets_are_drawn_as_they_are(
    classifiers: dict[str, Classifier], loaded: tuple[str, ...]
) -> None:
    page = str(Board({variant: classifiers[variant] for variant in loaded}).html_template)
    assert "$" not in page
    for variant in checkpoint.VARIANTS:
        row = page.partition(f'data-net="{variant}"')[2].partition('class="end"')[0]
        is_there = variant in loaded
        assert re.findall(r'data-cell="(\d)"', row) == list("012345678") * is_there
        arcs = list("12345678") * (is_there and variant == "residual")
        assert re.findall(r'data-arc="(\d)"', row) == arcs
        assert row.count("changes size") == 3 * (is_there and variant == "plain")
        assert row.count("1&times;1") == 3 * (is_there and variant == "residual")


def test_every_lens_has_a_name_and_a_drawing() -> None:
    script = (Path(__file__).parent.parent / "ui" / "board_lenses.js").read_text()
    drawn = re.findall(r"^/\*\* @type \{Lens\} \*/\nconst (\w+) =", script, re.MULTILINE)
    assert drawn == list(lenses.LENSES)
    assert f"LENSES = {{ {', '.join(drawn)} }};" in script
