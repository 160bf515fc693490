"""The triangles of all nets with units out: what a browser may ask, and what stands beside them."""

import json
import re
import statistics
from typing import Any

import gradio as gr
import pytest
import torch

from resnet import checkpoint, ink, mnist, paths, samples
from resnet.classifier import Classifier
from resnet.studies import lesion
from resnet.surgery import trace, without
from ui.part import FOLDER
from ui.paths import NARROW, WIDE, Paths, medians
from ui.reading import Reader


@pytest.fixture
def reader(classifiers: dict[str, Classifier]) -> Reader:
    return Reader(classifiers, mnist.FOLDER)


def test_every_net_with_units_out_answers(
    reader: Reader, classifiers: dict[str, Classifier], variant: str
) -> None:
    found = reader.every_way({"strokes": samples.sample(7), "net": variant})
    body = classifiers[variant].body
    picture = ink.from_strokes(samples.sample(7))[None]
    with torch.inference_mode():
        said = [int(trace(body, picture, without(out)).logits.argmax()) for out in paths.ways(body)]
    assert found["digits"] == said
    assert found["digits"][0] == 7
    assert len(set(said)) > 1
    assert all(0.1 <= certainty <= 1 for certainty in found["certainties"])
    json.dumps(found)


def test_a_blank_picture_is_no_digit_to_any(reader: Reader) -> None:
    found = reader.every_way({"strokes": [], "net": "plain"})
    assert found == {"digits": [None] * 32, "certainties": [0.0] * 32}


@pytest.mark.parametrize(
    "asked",
    [None, 7, {}, {"strokes": []}, {"strokes": [], "net": None}, {"strokes": [], "net": ["plain"]},
     {"strokes": [], "net": "other"}, {"strokes": "none", "net": "plain"}, {"net": "plain"}],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_sentence(reader: Reader, asked: Any) -> None:
    with pytest.raises(gr.Error) as error:
        reader.every_way(asked)
    assert error.value.message.endswith(".")


def rows_of(html: str, variant: str) -> list[str]:
    (net,) = re.findall(rf'<div class="net {variant}".*?class="end">', html, re.DOTALL)
    return re.findall(r'<div class="row".*?</span></div>', net)


def test_a_row_has_the_median_of_its_nets(reader: Reader) -> None:
    table = lesion.load()
    assert table is not None
    html = str(Paths(reader, table).html_template)
    assert "$" not in html
    for variant, most in (("residual", 8), ("plain", 5)):
        rows = rows_of(html, variant)
        assert len(rows) == most + 1
        for out, row in enumerate(rows):
            counts = table["shipped"][variant]
            right = [n for units, n in counts["out"].items() if len(units) == 2 * out - 1]
            middle = statistics.median(right or [counts["whole"]])
            assert f"<span>{middle / 100:.1f} %</span>" in row


def test_of_other_weights_there_are_no_figures(reader: Reader) -> None:
    html = str(Paths(reader, None).html_template)
    assert html.count("<span>&ndash;</span>") == 9 + 6
    assert "between stem and last layer.</p>" in html


def test_what_is_left_of_the_residual_net_is_said_with_its_figures(reader: Reader) -> None:
    table = lesion.load()
    assert table is not None
    html = str(Paths(reader, table).html_template)
    counts = table["shipped"]["residual"]
    few = sum(right < 5000 for right in [counts["whole"], *counts["out"].values()])
    end = counts["out"]["1,2,3,4,5,6,7,8"]
    assert f"between stem and last layer: that net reads {end / 100:.1f} % of" in html
    assert f"not get 256 good nets for free: {few} of them read fewer than half" in html


def test_a_row_that_was_not_measured_whole_has_no_median() -> None:
    counts: Any = {"total": 10, "whole": 9, "out": {"1": 8, "2": 6, "1,2": 5}}
    assert medians(counts) == {0: 0.9, 1: 0.7, 2: 0.5}
    del counts["out"]["2"]
    assert medians(counts) == {0: 0.9, 2: 0.5}


def test_as_many_dots_to_a_line_as_room_is_kept_for() -> None:
    style = (FOLDER / "paths.css").read_text()
    assert re.findall(r"--across: (\d+);", style) == [str(WIDE), str(NARROW)]


@pytest.mark.parametrize("loaded", [checkpoint.VARIANTS, ("residual",), ("plain",)])
def test_a_triangle_for_each_net_that_is_loaded(
    classifiers: dict[str, Classifier], loaded: tuple[str, ...]
) -> None:
    nets = {variant: classifiers[variant] for variant in loaded}
    part = Paths(Reader(nets, mnist.FOLDER))
    html = str(part.html_template)
    for variant, count in (("residual", 256), ("plain", 32)):
        assert (f"{count} nets</span>" in html) == (variant in loaded)
    assert ("Units 3, 5 and 7 change the size" in html) == ("plain" in loaded)
    assert [len(net["ways"]) for net in part.props["nets"]] == [
        {"residual": 256, "plain": 32}[variant] for variant in loaded
    ]
