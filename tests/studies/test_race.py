"""A race: what is trained in it, and the process it runs in."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet import mnist
from resnet.checkpoint import VARIANTS
from resnet.mnist import Mnist
from resnet.studies import depth, race
from resnet.studies.race import RECIPE, Wish, course
from resnet.studies.short_training import ShortRecipe, judged_descent, slices

ROOT = Path(__file__).parents[2]
TINY = ShortRecipe(
    train=40, validation=20, test=0, test_all=0, batch_size=16, epochs=2, judge_every=4
)


@pytest.fixture(scope="session")
def data() -> Mnist:
    return mnist.load()


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "resnet.studies.race", *flags],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def points_of(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_a_race_is_the_two_trainings_of_the_study(data: Mnist) -> None:
    """Though in a race they take turns: neither may notice the other."""
    wish = Wish(18, True, 0.05, seed=3)
    points = list(course(wish, data, TINY))
    assert [(p["step"], p["net"]) for p in points] == [(s, v) for s in (4, 6) for v in VARIANTS]
    for variant in VARIANTS:
        net = depth.build(variant, wish.depth, wish.has_norm, wish.seed)
        alone, _ = judged_descent(net, wish.rate, wish.seed, slices(data, TINY), TINY)
        own = [point for point in points if point["net"] == variant]
        assert [point["right"] for point in own] == alone["validation"]["right"]
        assert [point["loss"] for point in own] == alone["validation"]["loss"]
        assert {point["total"] for point in own} == {TINY.validation}


def test_a_seed_is_a_race(data: Mnist) -> None:
    first, again, other = (
        [p["loss"] for p in course(Wish(18, True, 0.05, seed), data, TINY)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_the_race_goes_as_far_as_the_stored_runs_and_never_tests() -> None:
    assert RECIPE.steps == 80
    assert [step for step in range(1, 81) if RECIPE.judges_after(step)] == list(range(5, 81, 5))
    assert RECIPE.validation == 200
    assert (RECIPE.test, RECIPE.test_all) == (0, 0)


def test_the_process_prints_a_line_a_validation_and_imports_no_page() -> None:
    result = run("--quick", "--seed", "5", "--rate", "0.02")
    assert (result.returncode, result.stderr) == (0, "")
    points = points_of(result.stdout)
    assert [(p["step"], p["net"]) for p in points] == [(s, v) for s in (3, 4) for v in VARIANTS]
    assert all(0 <= point["right"] <= point["total"] == 200 for point in points)
    code = (
        "import sys, resnet.studies.race; assert not {'gradio', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_without_digits_it_prints_one_sentence(tmp_path: Path) -> None:
    result = run("--quick", "--data", str(tmp_path))
    assert result.returncode == 1
    assert points_of(result.stdout) == [{"fault": race.NO_DIGITS}]
    assert "Traceback" not in result.stderr
    assert str(tmp_path) in result.stderr  # for whoever runs the server


def test_it_steps_back_for_those_who_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    steps_back: list[int] = []
    monkeypatch.setattr(os, "nice", steps_back.append)
    monkeypatch.setattr(race, "course", lambda *_: iter(()))
    monkeypatch.setattr(torch, "set_num_threads", steps_back.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert race.main(race.get_args_parser().parse_args([])) == 0
    assert steps_back == [19, 1]
