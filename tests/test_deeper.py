import base64
import shutil
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

import app
from resnet import checkpoint, ink, mnist, narrow, samples
from resnet.checkpoint import About
from resnet.classifier import Classifier
from ui.deeper import Deeper, DeeperNets, finding, how, name_of, picture_of
from ui.part import parts_of
from ui.reading import Reader, encoded

SEVEN = ink.from_strokes(samples.sample(7))


@pytest.fixture(scope="module")
def deeper(checkpoints: Path) -> DeeperNets:
    return DeeperNets(checkpoints / narrow.FOLDER.name)


@pytest.fixture
def part(classifiers: dict[str, Classifier], deeper: DeeperNets) -> Deeper:
    return Deeper(Reader(classifiers, mnist.FOLDER), deeper)


def test_the_answers_are_those_of_the_nets(part: Deeper, checkpoints: Path) -> None:
    reply = part.functions["answers"](encoded(SEVEN))
    assert list(reply["answers"]) == [name_of(net) for net in narrow.NETS]
    for variant, depth in narrow.NETS:
        net = Classifier(*narrow.load(variant, depth, checkpoints / "narrow"))
        (expected,) = net.answer((SEVEN * 255).round()[None] / 255)
        found = reply["answers"][f"{variant}-{depth}"]
        assert found["digit"] == expected.digit
        assert found["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)


def test_a_picture_comes_as_the_pad_has_it() -> None:
    found = picture_of(encoded(SEVEN))
    assert found.shape == (1, 1, 32, 32)
    assert (found[0] - SEVEN).abs().max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("picture", [None, 7, "", "###", base64.b64encode(b"short").decode(), {}])
def test_anything_else_is_refused_in_words(part: Deeper, picture: Any) -> None:
    assert part.functions["answers"](picture) == {"error": "The picture is incomplete."}


def parts(checkpoints: Path, classifiers: dict[str, Classifier]) -> set[str]:
    page = app.build(classifiers, checkpoints=checkpoints)
    found = {str(part.elem_id) for part in parts_of(page)}
    page.close()
    return found


def test_without_these_nets_the_page_has_no_such_part(
    classifiers: dict[str, Classifier], checkpoints: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert "deeper" in parts(checkpoints, classifiers)
    assert "deeper" not in parts(tmp_path, classifiers)
    assert capsys.readouterr().err == ""


def test_damage_is_told_of_and_its_depth_left_out(
    checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(checkpoints / "narrow", tmp_path / "narrow")
    damaged = narrow.path_of("plain", 34, folder)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = DeeperNets(folder)
    assert found.depths == [18, 66]
    assert {depth for _, depth in found.abouts} == {18, 66}
    assert str(damaged) in capsys.readouterr().err
    # One that goes while the page is served
    narrow.path_of("plain", 66, folder).unlink()
    assert found.classifiers() == {}
    with gr.Blocks():
        part = Deeper(Reader({}, mnist.FOLDER), found)
    assert "missing or damaged" in part.functions["answers"](encoded(SEVEN))["error"]
    assert part.for_worker.listed() == {"nets": []}


def abouts(plain: list[int], **more: Any) -> dict[narrow.Net, About]:
    """Of nets of 18 and 34 layers, right of 1,000 test digits each."""
    right = {"residual": [991, 993], "plain": plain}
    return {
        (variant, depth): {"test": {"right": right[variant][at], "total": 1000}, **more}  # type: ignore[typeddict-item]
        for at, depth in enumerate((18, 34))
        for variant in checkpoint.VARIANTS
    }


def test_the_finding_follows_from_the_scores() -> None:
    assert finding(abouts([989, 975])) == (
        "Nets of 34 layers read 99.3 of 100 test digits with shortcuts, 97.5 without. "
        "At 18 layers: 99.1 and 98.9."
    )
    assert "11.3 without. The net of 34 layers without shortcuts only guesses. At" in finding(
        abouts([989, 113])
    )
    assert "18 layers without shortcuts or 34 layers without shortcuts" in finding(
        abouts([98, 113])
    )


def test_how_they_were_trained_is_told() -> None:
    text = how(abouts([989, 975], recipe={"epochs": 5}, seeds=2))
    assert "alike for 5 epochs, the best of 2 seeds each" in text
    assert "epoch" not in how(abouts([989, 975]))


def test_the_pages_nets_are_told_of_with_their_scores(part: Deeper) -> None:
    told = {net["name"]: net["about"] for net in part.props["nets"]}
    assert told["plain-66"] == "90.66 % of MNIST"
    assert [net["depth"] for net in part.props["nets"]] == [18, 18, 34, 34, 66, 66]
