import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resnet import checkpoint, mnist
from resnet.__main__ import get_args_parser
from resnet.mnist import Mnist
from resnet.studies import runs, short_training, textbook
from resnet.studies.first_weights import FIRSTS
from resnet.studies.lenet import LeNet5
from resnet.studies.runs import StudyError
from resnet.studies.short_training import Pictures, ShortRecipe, Tally, Validation, slices
from resnet.studies.textbook import (
    BOOK,
    BOOK_STEPS,
    QUICK_RATES,
    TextbookRun,
    pairs_of,
    plan_of,
    trained,
)

TINY = ShortRecipe(
    train=20, validation=10, test=5, test_all=10, batch_size=8, epochs=2, judge_every=4
)


@pytest.fixture(scope="session")
def data() -> Mnist:
    return mnist.load()


@pytest.fixture
def digits(data: Mnist) -> dict[str, Pictures]:
    return slices(data, TINY)


def test_the_book_takes_80_steps_and_judges_six_times(data: Mnist) -> None:
    recipe = ShortRecipe()
    lenet = (1, None, "LeNet-5", BOOK["LeNet-5"].rate)
    _, course = trained(lenet, slices(data, recipe), recipe)
    assert len(course["loss"]) == 80
    judged = course["validation"]
    assert judged["step"] == [15, 30, 45, 60, 75, 80] == list(BOOK_STEPS)
    assert judged["total"] == 200
    assert max(judged["right"]) > 120  # chance is 20
    losses = [loss for loss in course["loss"] if loss is not None]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2


def test_a_step_is_the_rate_times_the_gradient(data: Mnist) -> None:
    recipe = ShortRecipe(train=8, validation=4, batch_size=8, epochs=1)
    digits = slices(data, recipe)
    net, course = trained((5, None, "LeNet-5", 0.03), digits, recipe)
    torch.manual_seed(5)
    before = LeNet5()
    train = digits["train"]
    loss = nn.functional.cross_entropy(before(train.images.cpu()), train.labels.cpu())
    loss.backward()
    assert course["loss"] == [pytest.approx(loss.item(), abs=1e-4)]
    for old, new in zip(before.parameters(), net.parameters(), strict=True):
        assert old.grad is not None
        torch.testing.assert_close(new.cpu(), old - 0.03 * old.grad, rtol=1e-4, atol=1e-6)


def test_a_seed_gives_every_net_the_same_batches(
    digits: dict[str, Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []

    class Watched(LeNet5):
        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                seen.append(x.clone())
            return super().forward(x)

    def batches(name: str, rate: float, seed: int) -> list[Tensor]:
        seen.clear()
        trained((seed, "fan_out", name, rate), digits, TINY)
        return list(seen)

    monkeypatch.setattr(textbook, "build", lambda *_: Watched())
    first = batches("plain", 0.01, 1)
    assert [len(batch) for batch in first] == [8, 8, 4, 8, 8, 4]
    same = zip(first, batches("residual", 0.05, 1), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    others = zip(first, batches("plain", 0.01, 2), strict=True)
    assert not any(torch.equal(a, b) for a, b in others)
    whole = digits["train"].images.flatten(1).unique(dim=0)
    epochs = [torch.cat(first[start : start + 3]) for start in (0, 3)]
    assert not torch.equal(*epochs)  # each in an order of its own
    for epoch in epochs:
        assert torch.equal(epoch.flatten(1).unique(dim=0), whole)


def test_the_earliest_of_the_best_weights_are_kept(
    digits: dict[str, Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[dict[str, Tensor]] = []
    rights = iter([3, 7, 7, 2])

    def logits_in_batches(net: nn.Module, pictures: Tensor) -> Tensor:
        states.append({name: tensor.clone() for name, tensor in net.state_dict().items()})
        return torch.zeros(len(pictures), 10)

    monkeypatch.setattr(short_training, "logits_in_batches", logits_in_batches)
    monkeypatch.setattr(short_training, "tally", lambda *_: {"right": next(rights), "loss": 0.5})
    recipe = ShortRecipe(train=32, validation=10, batch_size=8, epochs=2, judge_every=2)
    digits["train"] = Pictures(*(part.repeat(2, *[1] * (part.ndim - 1))[:32] for part in (
        digits["train"].images, digits["train"].labels
    )))  # fmt: skip
    net, course = trained((1, None, "LeNet-5", 0.1), digits, recipe)
    assert course["validation"]["right"] == [3, 7, 7, 2]
    kept = net.state_dict()
    alike = [all(torch.equal(kept[name], state[name]) for name in kept) for state in states]
    assert alike == [False, True, False, False]
    assert not net.training


def test_folding_changes_no_score(digits: dict[str, Pictures], variant: str) -> None:
    key: textbook.Key = (3, "torch", variant, 0.02)
    net, _ = trained(key, digits, TINY)
    run = textbook.measured(key, digits, TINY)
    assert textbook.key_of(run) == key
    test = digits["test_all"]
    logits = short_training.logits_in_batches(net, test.images)
    for stored, count in ((run["test"], 5), (run["test_all"], 10)):
        found = short_training.tally(logits[:count], test.labels[:count])
        assert stored == {**found, "loss": pytest.approx(found["loss"], abs=2e-4)}


def test_each_seed_trains_the_books_three_and_both_nets_at_every_rate() -> None:
    pairs = pairs_of([0.01, 0.1])
    assert sorted(pairs) == [
        ("LeNet-5", 0.1), ("plain", 0.005), ("plain", 0.01), ("plain", 0.1),
        ("residual", 0.01), ("residual", 0.1),
    ]  # fmt: skip


def test_one_kind_of_first_weights_comes_after_the_other_and_lenet_once() -> None:
    plan = plan_of(2, [0.01])
    pairs = [("plain", 0.005), ("residual", 0.01), ("plain", 0.01)]
    lenet = ("LeNet-5", 0.1)
    ours: list[textbook.Key] = [
        (1, None, *lenet), *((1, "fan_out", *pair) for pair in pairs),
        (2, None, *lenet), *((2, "fan_out", *pair) for pair in pairs),
    ]  # fmt: skip
    assert plan == [
        *ours,
        *((seed, "torch", *pair) for seed in (1, 2) for pair in pairs),
        *((seed, "fan_in", *pair) for seed in (1, 2) for pair in pairs),
    ]


# --- all runs --------------------------------------------------------------------------------


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Runs take no time; which were made."""
    made: list[Any] = []

    def measured(key: textbook.Key, digits: Any, recipe: ShortRecipe) -> TextbookRun:
        made.append(key)
        seed, first, name, rate = key
        right = 5 + seed % 3
        judged: Validation = {"step": [4, 6], "right": [1, right], "loss": [2.0, None], "total": 10}
        test: Tally = {"right": right, "total": 10, "loss": 1.0}
        return {
            "seed": seed, "first": first, "net": name, "rate": rate, "loss": [2.3, None],
            "validation": judged, "test": test, "test_all": test, "seconds": 0.1,
        }  # fmt: skip

    monkeypatch.setattr(textbook, "measured", measured)
    monkeypatch.setattr(runs, "made", lambda keys, make, workers: map(make, keys))
    return made


PLAN = plan_of(2, QUICK_RATES)
QUICK_PLAN = plan_of(1, QUICK_RATES)


def test_what_was_interrupted_goes_on_where_it_was(
    data: Mnist, calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, path = tmp_path / "deep" / "whole.json", tmp_path / "cut.json"
    textbook.repeated(2, QUICK_RATES, TINY, data, whole)
    assert calls == PLAN
    calls.clear()

    complete = textbook.measured

    def stopping(*arguments: Any, **more: Any) -> TextbookRun:
        if len(calls) == 7:
            raise KeyboardInterrupt
        return complete(*arguments, **more)

    monkeypatch.setattr(textbook, "measured", stopping)
    with pytest.raises(KeyboardInterrupt):
        textbook.repeated(2, QUICK_RATES, TINY, data, path)
    stored = textbook.load(path)
    assert stored is not None
    assert [textbook.key_of(run) for run in stored["runs"]] == PLAN[:7]
    calls.clear()

    monkeypatch.setattr(textbook, "measured", complete)
    table = textbook.repeated(2, QUICK_RATES, TINY, data, path)
    assert calls == PLAN[7:]
    assert table == textbook.load(path)
    assert table["runs"] == json.loads(whole.read_text())["runs"]
    assert table["about"]["command"] == "python -m resnet textbook --seeds 2"
    assert [*path.parent.glob(".*.tmp")] == []

    more = textbook.repeated(1, (*QUICK_RATES, 0.02), TINY, data, path)  # of a seed that is there
    assert calls[len(PLAN[7:]) :] == [
        (1, first, net, 0.02) for first in FIRSTS for net in ("residual", "plain")
    ]
    assert more["about"]["command"] == "python -m resnet textbook --seeds 2"
    assert len(more["runs"]) == len(PLAN) + 6


@pytest.mark.parametrize("other", ["recipe", "data", "torch", "no table"])
def test_runs_of_another_experiment_stay_as_they_are(
    other: str, data: Mnist, calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "textbook.json"
    textbook.repeated(1, QUICK_RATES, TINY, data, path)
    recipe = TINY
    match other:
        case "recipe":
            recipe = ShortRecipe(train=16, validation=10, test_all=10)
        case "data":
            data = Mnist(data.train, data.validation, data.test, "0")
        case "torch":
            monkeypatch.setattr(torch, "__version__", "0")
        case _:
            path.write_text("[]")
    before = path.read_bytes()
    calls.clear()
    with pytest.raises(StudyError, match="name another file with --output"):
        textbook.repeated(1, QUICK_RATES, recipe, data, path)
    assert calls == []
    assert path.read_bytes() == before


# --- the command -----------------------------------------------------------------------------


def command(*arguments: str | Path) -> int:
    args = get_args_parser().parse_args(["textbook", *map(str, arguments)])
    return int(args.run(args))


@pytest.fixture
def real_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "results" / "textbook.json"
    monkeypatch.setattr(textbook, "FILE", path)
    return path


def test_quick_goes_all_the_way_with_the_real_nets(
    real_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "quick.json"
    assert command("--quick", "--output", other) == 0
    printed = capsys.readouterr().out
    assert printed.count("1 seed,") + printed.count("1 seed:") == 3
    assert "One seed tells nothing apart" in printed
    assert command("--show", "--output", other) == 0
    assert capsys.readouterr().out == printed
    assert not real_file.exists()
    cells = [[cell.strip() for cell in line.split("|")] for line in printed.splitlines()]
    start = ["LeNet-5", "0.1", "the book's one run"]
    (row,) = (row for row in cells if row[1:4] == start)  # as they were rounded
    assert row[8] == "0.44"
    assert f"these {len(QUICK_PLAN)} runs" in printed
    stored = json.loads(other.read_text())
    assert stored["about"]["command"] == "python -m resnet textbook --quick"
    runs = stored["runs"]
    assert [textbook.key_of(run) for run in runs] == QUICK_PLAN
    assert all(len(run["loss"]) == 2 for run in runs)
    assert all(run["test_all"]["total"] == 200 for run in runs)
    # The nets are those that the runs are named after, at rates that make a difference.
    assert len({tuple(run["loss"]) for run in runs}) == len(QUICK_PLAN)
    first = {(run["net"], run["first"]): run["loss"][0] for run in runs}
    assert first == {(run["net"], run["first"]): run["loss"][0] for run in reversed(runs)}
    assert len(set(first.values())) == 7  # both nets from three kinds of first weights, and LeNet


def test_quick_keeps_nothing_unless_told_where(
    real_file: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--quick", "--seeds", "7") == 0
    assert calls == QUICK_PLAN
    assert not real_file.parent.exists()
    with pytest.raises(StudyError, match="--quick"):
        command("--quick", "--output", real_file)
    assert len(calls) == len(QUICK_PLAN)


def test_the_whole_is_stored_and_shown(
    real_file: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--show") == 1
    assert capsys.readouterr() == ("", "No runs are stored there; measure some first.\n")
    assert command("--seeds", "2") == 0
    printed = capsys.readouterr().out
    assert len(calls) == 2 * (1 + 3 * 2 * 6)
    assert command("--show") == 0
    assert capsys.readouterr().out == printed
    assert len(calls) == 2 * (1 + 3 * 2 * 6)
    stored = textbook.load(real_file)
    assert stored is not None
    assert stored["about"]["recipe"]["test_all"] == 10_000


def test_an_interrupted_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def study(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(textbook, "repeated", study)
    assert command() == 130
    assert "the same command goes on after" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_seeds_are_at_least_one(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("--seeds", count)
    assert "--seeds" in capsys.readouterr().err


def test_the_nets_are_named_after_what_they_are() -> None:
    assert isinstance(textbook.build("LeNet-5", None, 1), LeNet5)
    assert set(BOOK) == {"LeNet-5", *checkpoint.VARIANTS}
    for variant in checkpoint.VARIANTS:
        net = textbook.build(variant, "torch", 1)
        assert getattr(net, "use_residual", None) == (variant == "residual")


def test_the_stored_runs_are_those_of_this_recipe_and_these_data(data: Mnist) -> None:
    table = textbook.load()
    assert table is not None
    about = table["about"]
    assert about["recipe"] == dataclasses.asdict(ShortRecipe())
    assert about["data_sha256"] == data.sha256
    keys = [textbook.key_of(run) for run in table["runs"]]
    plan = plan_of(20, textbook.RATES)
    assert keys == plan[: len(keys)]
    assert len(keys) >= 20 * len(pairs_of(textbook.RATES))  # all from this project's first weights
    assert about["command"] == "python -m resnet textbook --seeds 20"
