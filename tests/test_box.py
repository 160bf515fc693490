"""bench/box.py, and that all pictures agree on the size of a digit."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import box
from resnet import handwriting, ink, mnist, samples
from resnet.studies import runs


def drawn() -> torch.Tensor:
    return torch.stack([ink.from_strokes(samples.sample(k), ink.LINE) for k in range(10)])


@pytest.mark.parametrize("size", box.BOXES)
def test_an_enlarged_picture_is_that_of_the_strokes_drawn_larger(size: int) -> None:
    small = drawn()
    with box.digits_in(size):
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

    with box.digits_in(size):
        extras = handwriting.extras(40)
        kinds = {
            "MNIST": ink.frame(mnist.load().train.images[:200]),
            "fonts": ink.frame(extras.printed.images),
            "pen": ink.frame(extras.written.images),
        }
        assert [*map(sides, kinds.values())] == pytest.approx([size] * 3, abs=1.5)
    assert ink.BOX == ink.MNIST_BOX == 20
    assert ink.LINE == 2.6
    assert sides(handwriting.glyphs().digits().images / 255) == pytest.approx(20, abs=1)


def test_no_ink_leaves_the_picture_when_a_digit_is_enlarged() -> None:
    """A digit whose mass is far from its middle would."""
    corner = torch.zeros(1, 1, ink.SIDE, ink.SIDE)
    corner[..., 12:32, 12:32] = 0.2
    corner[..., 13:16, 13:16] = 1
    with box.digits_in(28):
        (picture,) = ink.in_our_box(corner)[0]
    across, down = np.nonzero(picture.numpy().max(0) > 0.1)[0], np.nonzero(picture.max(1).values)
    assert len(across) == pytest.approx(28, abs=1)
    assert len(down) == pytest.approx(28, abs=2)
    assert ink.in_our_box(torch.zeros(2, 1, ink.SIDE, ink.SIDE)).max() == 0


def run(net: str, size: int, seed: int, right: int) -> box.BoxRun:
    score = box.Score(right=right, total=1000)
    return {
        "seed": seed, "net": net, "box": size, "validation": score, "styles": score,
        "auroc": right / 1000, "seconds": 1.0,
    }  # fmt: skip


def table(*made: box.BoxRun) -> box.BoxTable:
    found: box.BoxTable = runs.begun(box.SCHEMA, "command", None, {"rates": [0.1]}, {}, 2)
    found["runs"] = list(made)
    return found


def test_differences_are_taken_seed_by_seed() -> None:
    made = [run("plain", 20, 0, 900), run("plain", 20, 1, 950)]
    made += [run("plain", 24, 1, 960), run("plain", 24, 0, 912)]
    (_, _, means), (_, _, differences) = box.tables(table(*made))
    assert [row[:3] for row in means] == [["plain", "20", "2"], ["plain", "24", "2"]]
    assert means[0][3].startswith("92.50 (")
    ((*start, validation, _, auroc),) = differences
    assert start == ["plain", "24", "2"]
    # +1.2 and +1.0: 1.1 -+ 12.706 * 0.1, by Student's t with one degree of freedom
    assert validation.startswith("+1.10 (-0.17 - +2.37, p = 0.05")
    assert auroc == validation


def test_one_seed_has_no_interval_and_without_20_there_is_no_difference() -> None:
    (_, _, means), (_, _, differences) = box.tables(table(run("plain", 24, 0, 900)))
    assert [row[3:] for row in means] == [["90.00"] * 3]
    assert differences == []


def test_runs_are_kept_and_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(key: box.Key, data: mnist.Mnist, budget: box.Budget) -> box.BoxRun:
        asked.append(key)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return run(key[2], key[0], key[1], 900)

    monkeypatch.setattr(box, "measured", measured)
    data, path = mnist.load(), tmp_path / "box.json"
    with pytest.raises(KeyboardInterrupt):
        box.measure((20, 24), 2, data, box.Budget(), path, workers=1)
    assert len(json.loads(path.read_text())["runs"]) == 3
    found = box.measure((20, 24), 2, data, box.Budget(), path, workers=1)
    assert len(asked) == len(set(asked)) + 1 == 9
    assert runs.load(path, box.SCHEMA) == found
    with pytest.raises(runs.StudyError, match="not a table of this recipe"):
        box.measure((20,), 1, data, box.Budget(epochs=3), path, workers=1)


def test_the_quick_look_trains_both_nets_in_both_boxes_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "box.json"
    parse = box.get_args_parser().parse_args
    assert box.main(parse(["--quick", "--output", str(path)])) == 0
    assert not path.exists()
    rows = re.findall(r"^\| (\w+) +\| (\d\d) ", capsys.readouterr().out, re.MULTILINE)
    nets = [("residual", "20"), ("residual", "28"), ("plain", "20"), ("plain", "28")]
    assert rows == [*nets, *nets[1::2]]
    assert box.main(parse(["--show", "--output", str(path)])) == 1
    assert "measure some first" in capsys.readouterr().err
