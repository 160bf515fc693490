"""bench/levers.py, and that all pictures agree on the size of a digit."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import levers
from bench.levers import digits_in
from resnet import augment, checkpoint, handwriting, ink, mnist, samples
from resnet.studies import runs


def drawn() -> torch.Tensor:
    return torch.stack([ink.from_strokes(samples.sample(k), ink.LINE) for k in range(10)])


@pytest.mark.parametrize("size", [20, 22, 24, 28])
def test_an_enlarged_picture_is_that_of_the_strokes_drawn_larger(size: int) -> None:
    with digits_in(ink.MNIST_BOX):
        small = drawn()
    with digits_in(size):
        enlarged, redrawn = ink.in_our_box(small), drawn()
    for ours, theirs in zip(enlarged, redrawn, strict=True):
        assert np.corrcoef(ours.flatten(), theirs.flatten())[0, 1] > 0.98
        moved = ink.centre_of_mass(ours[0].numpy()) - ink.centre_of_mass(theirs[0].numpy())
        assert np.abs(moved).max() < 0.25
    assert torch.equal(enlarged, small) == (size == ink.MNIST_BOX)


@pytest.mark.parametrize("size", [24, 28])
def test_mnist_fonts_pen_and_images_have_digits_of_one_size(size: int) -> None:
    def sides(pictures: torch.Tensor) -> float:
        """The median of the larger sides of the ink."""
        ink_at = pictures.reshape(-1, ink.SIDE, ink.SIDE) > 0.5
        across, down = ink_at.any(1).sum(1), ink_at.any(2).sum(1)
        return torch.maximum(across, down).float().median().item()

    before = ink.BOX, ink.LINE, ink.ROOM
    with digits_in(size):
        extras = handwriting.extras(40)
        kinds = {
            "MNIST": ink.frame(mnist.load().train.images[:200]),
            "fonts": ink.frame(extras.printed.images),
            "pen": ink.frame(extras.written.images),
        }
        assert [*map(sides, kinds.values())] == pytest.approx([size] * 3, abs=1.5)
    assert before == (ink.BOX, ink.LINE, ink.ROOM)
    assert sides(handwriting.glyphs().digits().images / 255) == pytest.approx(ink.BOX, abs=1.5)


def test_no_ink_leaves_the_picture_when_a_digit_is_enlarged() -> None:
    """A digit whose mass is far from its middle would."""
    corner = torch.zeros(1, 1, ink.SIDE, ink.SIDE)
    corner[..., 12:32, 12:32] = 0.2
    corner[..., 13:16, 13:16] = 1
    with digits_in(28):
        (picture,) = ink.in_our_box(corner)[0]
    across, down = np.nonzero(picture.numpy().max(0) > 0.1)[0], np.nonzero(picture.max(1).values)
    assert len(across) == pytest.approx(28, abs=1)
    assert len(down) == pytest.approx(28, abs=2)
    assert ink.in_our_box(torch.zeros(2, 1, ink.SIDE, ink.SIDE)).max() == 0


def run(net: str, lever: str, seed: int, right: int) -> levers.LeverRun:
    score = levers.Score(right=right, total=1000)
    return {
        "seed": seed, "net": net, "lever": lever, "validation": score, "styles": score,
        "styles_loss": 0.05, "auroc": right / 1000, "seconds": 1.0,
    }  # fmt: skip


def table(*made: levers.LeverRun) -> levers.LeverTable:
    found: levers.LeverTable = runs.begun(levers.SCHEMA, "command", None, {"rates": [0.1]}, {}, 2)
    found["runs"] = list(made)
    return found


def test_each_lever_is_compared_with_one_that_is_measured_before_it() -> None:
    names = [lever.name for lever in levers.LEVERS]
    assert len(set(names)) == len(names)
    for number, lever in enumerate(levers.LEVERS):
        assert lever.than is None or lever.than in names[:number]


def test_differences_are_taken_seed_by_seed() -> None:
    made = [run("plain", "box 20", 0, 900), run("plain", "box 20", 1, 950)]
    made += [run("plain", "box 24", 1, 960), run("plain", "box 24", 0, 912)]
    (_, _, means), (_, _, differences) = levers.tables(table(*made))
    assert [row[:3] for row in means] == [["plain", "box 20", "2"], ["plain", "box 24", "2"]]
    assert means[0][3].startswith("92.50 (")
    ((*start, validation, _, loss, auroc),) = differences
    assert start == ["plain", "box 24", "box 20", "2"]
    # +1.2 and +1.0: 1.1 -+ 12.706 * 0.1, by Student's t with one degree of freedom
    assert validation.startswith("+1.10 (-0.17 - +2.37, p = 0.05")
    assert auroc == validation
    assert loss.startswith("+0.00")


def test_one_seed_has_no_interval_and_without_its_peer_there_is_no_difference() -> None:
    (_, _, means), (_, _, differences) = levers.tables(table(run("plain", "box 24", 0, 900)))
    assert [row[3:] for row in means] == [["90.00", "90.00", "50.00", "90.00"]]
    assert differences == []


def test_variations_are_widened_for_a_while() -> None:
    before = augment.ROTATION
    with levers.varied_by({"ROTATION": before + 9}):
        assert before + 9 == augment.ROTATION
    assert before == augment.ROTATION


def test_runs_are_kept_and_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(key: levers.Key, **_: object) -> levers.LeverRun:
        asked.append(key)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return run(key[2], key[0], key[1], 900)

    monkeypatch.setattr(levers, "measured", measured)
    data, path = mnist.load(), tmp_path / "levers.json"
    two = levers.LEVERS[:2]
    with pytest.raises(KeyboardInterrupt):
        levers.measure(two, 2, data, levers.Budget(), path, workers=1)
    assert len(json.loads(path.read_text())["runs"]) == 3
    found = levers.measure(two, 2, data, levers.Budget(), path, workers=1)
    assert len(asked) == len(set(asked)) + 1 == 9
    assert runs.load(path, levers.SCHEMA) == found
    with pytest.raises(runs.StudyError, match="not a table of this recipe"):
        levers.measure(two[:1], 1, data, levers.Budget(epochs=3), path, workers=1)


def test_the_quick_look_trains_both_nets_by_every_lever_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "FOLDER", tmp_path)  # without a teacher
    path = tmp_path / "levers.json"
    parse = levers.get_args_parser().parse_args
    assert levers.main(parse(["--quick", "--output", str(path)])) == 0
    assert not path.exists()
    rows = re.findall(r"^\| (\w+) +\| (.+?) +\|", capsys.readouterr().out, re.MULTILINE)
    for net in checkpoint.VARIANTS:
        found = [lever for name, lever in rows if name == net]
        made = [lever for lever in levers.LEVERS if not lever.is_taught]
        assert found == [lever.name for lever in made] + [
            lever.name for lever in made if lever.than
        ]
    assert levers.main(parse(["--show", "--output", str(path)])) == 1
    assert "measure some first" in capsys.readouterr().err
