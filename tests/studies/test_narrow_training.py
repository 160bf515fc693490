import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet import checkpoint, handwriting, mnist, narrow, readings, training
from resnet.__main__ import main
from resnet.studies import narrow_training
from resnet.studies.narrow_training import (
    Key,
    NarrowRun,
    NarrowTable,
    Pictures,
    chosen,
    merit,
    repeated,
    table_of,
    trained,
    unfinished_of,
)
from resnet.studies.runs import StudyError
from tests.studies.stored import PROVENANCE

KEY: Key = (2, "plain", 18)
RECIPE = training.Recipe(
    epochs=2, batch_size=16, written=3, printed=2, not_digits=3, is_bfloat16=False
)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Three steps an epoch."""
    data = mnist.load()
    few = mnist.Mnist(
        data.train.first(3 * RECIPE.mnist),
        data.validation.first(20),
        data.test.first(20),
        data.sha256,
    )
    extras = handwriting.extras(10)
    held_out = handwriting.extras(10, held_out=True)
    return Pictures(few, extras, replace(held_out, printed=held_out.printed.first(20)))


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def run(seed: int, right: list[int], styles: list[int], depth: int = 18) -> NarrowRun:
    return {
        "seed": seed, "net": "plain", "depth": depth, "step": [0], "loss": [2.3], "seconds": 1.0,
        "validation": {
            "step": [*range(len(right))], "right": right, "total": 100,
            "styles_right": styles, "styles_total": 10,
        },
    }  # fmt: skip


def table(*runs: NarrowRun) -> NarrowTable:
    about = {"extras_sha256": "", "depths": [18], "width": 16, "recipe": {"epochs": 4}}
    return {"about": {**PROVENANCE, **about}, "runs": [*runs]}  # type: ignore[typeddict-item]


def test_the_seed_is_chosen_by_its_last_epochs() -> None:
    lucky = run(1, [99, 50, 60, 70], [9, 5, 5, 5])  # 1.8 and 1.5 of 3
    steady = run(2, [10, 60, 61, 62], [1, 6, 6, 6])  # 1.83 and 1.8
    assert float(merit(lucky)) == pytest.approx(3.3)
    assert float(merit(steady)) == pytest.approx(3.63)
    assert chosen(table(lucky, steady), ("plain", 18))["seed"] == 2
    assert chosen(table({**steady, "seed": 3}, steady), ("plain", 18))["seed"] == 2


def test_a_training_goes_on_from_its_last_epoch(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(KEY, RECIPE, pictures, tmp_path / "whole")
    assert whole["validation"]["step"] == [3, 6]

    save, saves = training.Run.save, 0

    def killed(self: training.Run, path: Path) -> None:
        nonlocal saves
        save(self, path)
        saves += 1
        if saves == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Run, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(KEY, RECIPE, pictures, tmp_path)
    taken_up = trained(KEY, RECIPE, pictures, tmp_path)
    assert saves == 2
    assert {**taken_up, "seconds": 0} == {**whole, "seconds": 0}


def test_the_best_seed_ships_and_only_it_sees_test_digits(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "readings.jsonl"
    monkeypatch.setattr(readings, "FILE", log)
    path, folder = tmp_path / "narrow.json", tmp_path / "narrow"
    found = repeated(2, (18,), RECIPE, pictures, folder, path)
    assert narrow_training.load(path) == found
    assert len(found["runs"]) == 4
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["variant"], row["layers"]) for row in rows] == [("residual", 18), ("plain", 18)]
    assert rows[0]["command"] == "python -m resnet narrow --epochs 2 --seeds 2"
    for variant in checkpoint.VARIANTS:
        _, about = narrow.load(variant, 18, folder)
        assert about["seed"] == chosen(found, (variant, 18))["seed"]
        assert about["seeds"] == 2
        assert about["test"]["total"] == 20
    assert sorted(one.name for one in folder.iterdir()) == [
        "plain-18.safetensors", "residual-18.safetensors",
    ]  # fmt: skip
    # What is done is not done again.
    monkeypatch.setattr(training, "fit", None)
    assert repeated(2, (18,), RECIPE, pictures, folder, path) == found
    assert len(log.read_text().splitlines()) == 2
    title, headers, rows_shown = table_of(found, folder)
    assert "2 epochs" in title
    assert [row[:2] for row in rows_shown] == [["18", "residual"], ["18", "plain"]]
    assert len(headers) == len(rows_shown[0])
    narrow.path_of("plain", 18, folder).unlink()
    with pytest.raises(StudyError, match="its weights are not here"):
        repeated(2, (18,), RECIPE, pictures, folder, path)


def test_a_net_that_learned_nothing_ships_all_the_same(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(self: Any, pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        self.net.fc.weight.data.zero_()
        return self.net(pictures).sum() * 0.0

    monkeypatch.setattr(training.Run, "loss", dead)
    monkeypatch.setattr(readings, "FILE", tmp_path / "readings.jsonl")
    repeated(1, (18,), RECIPE, pictures, tmp_path / "narrow", None)
    _, about = narrow.load("plain", 18, tmp_path / "narrow")
    assert about["calibration"]["threshold"] < 0.5


def test_quick_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(readings, "FILE", tmp_path / "readings.jsonl")
    monkeypatch.setattr(handwriting, "extras", lambda count, held_out=False: few(held_out))
    assert main(["narrow", "--quick", "--checkpoints", str(tmp_path)]) == 0
    assert "| 18" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] in ([], ["readings.jsonl"])
    assert main(["narrow", "--show", "--output", str(tmp_path / "none.json")]) == 1


def few(held_out: bool, extras: Any = handwriting.extras) -> handwriting.Extras:
    made = extras(10, held_out)
    return replace(made, printed=made.printed.first(50))


def test_another_recipe_does_not_go_on(pictures: Pictures, tmp_path: Path) -> None:
    trained(KEY, replace(RECIPE, epochs=1), pictures, tmp_path)
    with pytest.raises(checkpoint.CheckpointError, match="other settings"):
        trained(KEY, RECIPE, pictures, tmp_path)
    assert unfinished_of(KEY, tmp_path).exists()
