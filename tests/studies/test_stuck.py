import itertools
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from resnet import mnist
from resnet.__main__ import main
from resnet.studies import depth, runs, stuck, stuck_verdict
from resnet.studies.short_training import Aid, ShortRecipe, descent, slices
from resnet.studies.stuck import AIDS, Case, StuckRun, StuckTable
from tests.studies.stored import PROVENANCE

TINY = ShortRecipe(
    train=16, validation=10, test=0, test_all=10, batch_size=8, epochs=2, judge_every=2
)
CASES: list[Case] = [
    {"net": "plain", "depth": 34, "rate": 0.02, "before": 46.2},
    {"net": "plain", "depth": 66, "rate": 0.02, "before": 10.3},
    {"net": "plain", "depth": 66, "rate": 0.1, "before": 10.1},
    {"net": "residual", "depth": 66, "rate": 0.02, "before": 75.6},
]


def stored(seed: int, case: Case, aid: str, right: int) -> StuckRun:
    """A run that reads so many of 100 test digits."""
    return {
        "seed": seed, "net": case["net"], "depth": case["depth"], "rate": case["rate"],
        "aid": aid, "step": [400, 800], "loss": [2.0, 1.0 + seed], "right": [20, 40 + 20 * seed],
        "total": 200, "test_all": {"right": right, "total": 100, "loss": 1.0}, "seconds": 1.0,
    }  # fmt: skip


def table(rights: dict[tuple[str, int], int], **aided: int) -> StuckTable:
    made = [
        stored(
            seed, case, aid, aided.get(aid.replace("-", "_"), rights[case["net"], case["depth"]])
        )
        for seed, case, aid in itertools.product((1, 2), CASES, AIDS)
    ]
    return {"about": {**PROVENANCE, "cases": CASES, "width": 16}, "runs": made}


def moved(aid: Aid, steps: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """The head's weights of a net before and after."""
    digits = slices(mnist.load(), TINY)
    net = depth.build("plain", 18, True, 1)
    before = torch.cat([p.detach().flatten() for p in net.parameters()])
    for _ in itertools.islice(descent(net, 0.1, 1, digits["train"], TINY, aid), steps):
        pass
    return before, torch.cat([p.detach().flatten() for p in net.parameters()])


def test_a_warm_up_begins_with_a_fraction_of_the_rate() -> None:
    (before, plain), (_, warmed) = moved(Aid()), moved(Aid(warm_up=10))
    assert torch.allclose((plain - before) / 10, warmed - before, atol=1e-6)
    assert not torch.allclose(plain, warmed)


def test_a_warm_up_ends_at_the_rate() -> None:
    digits = slices(mnist.load(), TINY)["train"]
    rates = []
    net = depth.build("plain", 18, True, 1)
    step = torch.optim.SGD.step

    def noted(self: Any, *rest: Any) -> Any:
        rates.append(self.param_groups[0]["lr"])
        return step(self, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.SGD, "step", noted)
        list(descent(net, 0.1, 1, digits, TINY, Aid(warm_up=3)))
    assert rates == pytest.approx([0.1 / 3, 0.2 / 3, 0.1, 0.1])


def test_a_clipped_step_is_as_long_as_the_rate_times_the_norm() -> None:
    (before, plain), (_, clipped) = moved(Aid()), moved(Aid(clip=0.5))
    assert (plain - before).norm() > 0.05
    assert (clipped - before).norm().item() == pytest.approx(0.05, rel=1e-3)


def test_a_run_is_stored_whole() -> None:
    digits = slices(mnist.load(), TINY)
    run = stuck.measured((3, "residual", 18, 0.05, "clipping"), digits, TINY)
    assert stuck.key_of(run) == (3, "residual", 18, 0.05, "clipping")
    assert run["step"] == [2, 4]
    losses = list(
        descent(depth.build("residual", 18, True, 3), 0.05, 3, digits["train"], TINY, Aid(clip=1.0))
    )
    first, second, *_ = losses
    assert first is not None
    assert second is not None
    assert run["loss"][0] == pytest.approx((first + second) / 2, abs=1e-4)
    assert run["test_all"]["total"] == 10


def test_the_rates_are_those_that_the_stored_runs_choose() -> None:
    deep = depth.load()
    assert deep is not None
    cases = stuck.cases_of(deep)
    assert {(case["net"], case["depth"]) for case in cases} == set(stuck.NETS)
    (slow,) = [case for case in cases if case["depth"] == 34]
    assert slow["before"] == pytest.approx(46.2, abs=8)
    assert len([case for case in cases if case["net"] == "plain" and case["depth"] == 66]) >= 2


def test_the_sentences_follow_from_the_figures() -> None:
    slow, fixed, ahead = stuck_verdict.sentences(
        table({("plain", 34): 88, ("plain", 66): 11, ("residual", 66): 95})
    )
    assert slow == (
        "The net of 34 layers without shortcuts was slow, not stuck: it goes from 46 to 88 of 100 "
        "digits between 80 and 800 steps (88 with clipped gradients and 88 with a warm-up)."
    )
    assert fixed == (
        "The net of 66 layers without shortcuts is stuck: after 800 steps it still guesses, at a "
        "rate of 0.02 or 0.1, and neither clipped gradients nor a warm-up get it going."
    )
    assert ahead.startswith("The net of 66 layers with shortcuts goes from 76 to 95 of 100 digits")


def test_a_remedy_that_works_is_told_of() -> None:
    rights = {("plain", 34): 47, ("plain", 66): 13, ("residual", 66): 95}
    still, other, _ = stuck_verdict.sentences(table(rights, warm_up=60))
    assert "34 layers without shortcuts hardly moves: it goes from 46 to 47" in still
    assert still.endswith("(47 with clipped gradients and 60 with a warm-up).")
    assert other.endswith("steps (13 with clipped gradients and 60 with a warm-up).")
    found = table(rights)
    for run in found["runs"]:
        if run["rate"] == 0.1 and run["aid"] == "clipping":
            run["test_all"]["right"] = 70
    _, other, _ = stuck_verdict.sentences(found)
    assert other.endswith("; at a rate of 0.1 it reads 70 with clipped gradients.")


def test_curves_are_means_over_whole_seeds() -> None:
    found = table({("plain", 34): 88, ("plain", 66): 11, ("residual", 66): 95})
    found["runs"].append(stored(3, CASES[0], "none", 0))  # its seed lacks the rest
    curves = stuck_verdict.curves(found)
    assert len(curves) == len(CASES) * len(AIDS)
    assert curves[0].loss == [2.0, 2.5]
    assert curves[0].accuracy == [10, 35]
    found["runs"][0]["loss"][1] = None
    assert stuck_verdict.curves(found)[0].loss == [2.0, None]
    ((_, headers, rows),) = stuck_verdict.tables(found)
    assert {len(row) for row in rows} == {len(headers)}
    assert rows[0][-1] == "none"
    with pytest.raises(runs.StudyError):
        stuck_verdict.whole_seeds({**found, "runs": found["runs"][:3]})


def test_quick_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # in this process
    other = tmp_path / "quick.json"
    assert main(["stuck", "--quick", "--output", str(other)]) == 0
    printed = capsys.readouterr().out
    assert "of 100 digits" in printed or "guesses" in printed
    found = stuck.load(other)
    assert found is not None
    assert len(found["runs"]) == len(stuck.QUICK_NETS) * len(AIDS)


def test_the_stored_runs_are_those_of_this_recipe() -> None:
    found = stuck.load()
    if found is None:
        pytest.skip("no runs are stored")
    assert found["about"]["data_sha256"] == mnist.load().sha256
    assert len(stuck_verdict.whole_seeds(found)) >= 5
    assert all(run["step"][-1] == 800 for run in found["runs"])
