import dataclasses
import json
import os
from pathlib import Path

import pytest
import torch

from resnet import mnist
from resnet.__main__ import get_args_parser
from resnet.studies import birth, birth_verdict, depth, runs
from resnet.studies.birth import PAIRS, Start
from resnet.studies.short_training import ShortRecipe, slices

TINY = ShortRecipe(
    train=16, validation=10, test=0, test_all=10, batch_size=8, epochs=1, judge_every=1
)
PICTURES = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("start", "scale"), [("one", 1.0), ("root", 0.25), ("zero", 0.0)])
def test_f_is_scaled_and_the_shortcut_is_not(start: Start, scale: float) -> None:
    """Of 34 layers, so of sixteen units."""
    whole, down = (depth.build("residual", 34, False, 1) for _ in range(2))
    birth.turn_down(down, start)
    x = whole.layer1(whole.stem(PICTURES))
    for unit, turned in zip(whole.units()[4:8], down.units()[4:8], strict=True):
        torch.testing.assert_close(turned.branch(x), scale * unit.branch(x))
        torch.testing.assert_close(turned.shortcut(x), unit.shortcut(x))
        x = unit(x)
    assert birth.scale_of(start, 16) == scale


@pytest.mark.parametrize("pair", PAIRS)
def test_a_run_is_stored_whole(pair: birth.Pair) -> None:
    key = 3, 18, pair, 0.05
    run = birth.measured(key, slices(mnist.load(), TINY), TINY)
    assert birth.key_of(run) == key
    assert len(run["loss"]) == 2
    assert run["test_all"]["total"] == 10
    assert len(run["share"]) == (8 if pair[0] == "residual" else 0)
    json.dumps(run, allow_nan=False)


def test_f_as_it_is_gives_the_run_of_the_study_of_depth() -> None:
    digits = slices(mnist.load(), TINY)
    run = birth.measured((3, 18, ("residual", "one"), 0.05), digits, TINY)
    same = depth.measured((3, "residual", depth.Case(18, False), 0.05), digits, TINY)
    for name in ("loss", "validation", "test_all", "share"):
        assert run[name] == same[name]


def command(*arguments: str | Path) -> int:
    args = get_args_parser().parse_args(["birth", *map(str, arguments)])
    return int(args.run(args))


def test_quick_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # in this process
    path = tmp_path / "quick.json"
    assert command("--quick", "--output", path) == 0
    printed = capsys.readouterr().out
    assert "Guessing reads 10." in printed
    assert command("--show", "--output", path) == 0
    assert capsys.readouterr().out == printed
    stored = birth.load(path)
    assert stored is not None
    assert stored["about"]["command"] == "python -m resnet birth --quick"
    assert len(stored["runs"]) == 2 * 4 * 2


def test_the_stored_runs_are_those_of_this_recipe_and_these_data() -> None:
    table = birth.load()
    if table is None:
        assert not birth.FILE.exists()
        return
    assert table["about"]["recipe"] == dataclasses.asdict(depth.RECIPE)
    assert table["about"]["data_sha256"] == mnist.load().sha256
    keys = [birth.key_of(run) for run in table["runs"]]
    assert len({*keys}) == len(keys)
    assert next(iter(birth_verdict.results(table))) == depth.DEPTHS[0]


def test_runs_of_another_study_are_none() -> None:
    assert birth.load(runs.RESULTS / "textbook.json") is None
