import dataclasses
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from resnet import checkpoint, mnist
from resnet.__main__ import get_args_parser
from resnet.model import LiveConv2d, ResNet
from resnet.studies import depth, depth_results, proof, runs
from resnet.studies.depth import FULL, Case
from resnet.studies.depth_verdict import WHEN
from resnet.studies.gradients import gradients
from resnet.studies.short_training import ShortRecipe, pictures_of, slices

TINY = ShortRecipe(
    train=16, validation=10, test=0, test_all=10, batch_size=8, epochs=1, judge_every=1
)


@pytest.mark.parametrize("layers", depth.DEPTHS)
def test_nets_have_the_layers_that_they_are_named_after(layers: int, variant: str) -> None:
    net = depth.build(variant, layers, True, 1)
    assert type(net) is ResNet
    assert 2 * len(net.units()) + 2 == layers
    assert net.use_residual == (variant == "residual")
    assert net.conv1.out_channels == depth.WIDTH
    assert depth.build(variant, 18, True, 1, width=4).fc.in_features == 8 * 4


def test_a_seed_gives_the_same_net_whoever_else_is_drawing() -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        return list(depth.build("plain", 34, True, seed).state_dict().values())

    others = proof.official, lambda: checkpoint.build("plain")
    alone = [weights(seed) for seed in range(4)]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            drawing = [pool.submit(other) for other in others]
            for found, expected in zip(pool.map(weights, range(4)), alone, strict=True):
                assert all(map(torch.equal, found, expected))
            for other in drawing:
                other.result()


def test_a_run_is_stored_whole(variant: str) -> None:
    digits = slices(mnist.load(), TINY)
    key = 3, variant, Case(18, False, width=8), 0.05
    run = depth.measured(key, digits, TINY)
    assert depth.key_of(run) == key
    assert len(run["loss"]) == 2
    assert run["validation"]["step"] == [1, 2]
    assert run["test_all"]["total"] == 10
    found = [tuple(run["gradient"][when]) for when in WHEN]
    assert {len(values) for values in found} == {10}
    assert len(set(found)) == len(WHEN)
    assert len(run["share"]) == (8 if variant == "residual" else 0)
    json.dumps(run, allow_nan=False)


def test_a_run_of_live_taps_begins_enlarged() -> None:
    digits = slices(mnist.load(), TINY)
    usual, live = (
        depth.measured((1, "plain", Case(18, False, is_live), 0.05), digits, TINY)
        for is_live in (False, True)
    )
    assert live["gradient"]["start"] == live["gradient"]["live"] == usual["gradient"]["live"]
    assert live["gradient"]["start"] != usual["gradient"]["start"]
    assert live["loss"][0] != usual["loss"][0]


def test_a_run_that_explodes_is_stored_as_such() -> None:
    digits = slices(mnist.load(), dataclasses.replace(TINY, train=64, epochs=4))
    recipe = dataclasses.replace(TINY, train=64, epochs=4)
    run = depth.measured((1, "residual", Case(66, False), 0.5), digits, recipe)
    assert run["loss"][-1] is None
    assert run["gradient"]["end"][0] is None
    json.dumps(run, allow_nan=False)


def test_kernels_grow_by_the_share_of_their_taps_that_are_live(variant: str) -> None:
    before = depth.build(variant, 18, False, 1).cpu()
    weights = depth.enlarged(before, torch.zeros(1, 1, 32, 32)).state_dict()
    grown = {
        name: (weights[f"{name}.weight"] / conv.weight).mean().item()
        for name, conv in before.named_modules()
        if isinstance(conv, LiveConv2d)
    }
    # By hand: three taps an axis, but at the edge two; at the edge of 2x2 all are, on 1x1 one is.
    assert grown["layer1.0.conv1"] == pytest.approx(3 / (22 / 8))
    assert grown["layer2.1.conv1"] == pytest.approx(3 / (10 / 4))
    assert grown["layer3.1.conv1"] == pytest.approx(3 / 2)
    assert grown["layer4.0.conv1"] == pytest.approx(3 / 2)  # from 2x2 to its first pixel
    assert grown["layer4.1.conv2"] == pytest.approx(3)
    if variant == "residual":
        assert grown["layer4.0.downsample.0"] == 1  # a kernel of one tap


def test_a_plain_net_without_norm_vanishes_because_padding_is_counted() -> None:
    digits = mnist.load().train.first(depth.ONE_ERROR)
    pictures = pictures_of(digits.images)
    stem = {}
    for only_live in (False, True):
        for layers in (18, 66):
            net = depth.build("plain", layers, False, 1).cpu()
            if only_live:
                net = depth.enlarged(net, pictures[:1])
            value = gradients(net, pictures, digits.labels)[0]
            assert value is not None
            stem[only_live, layers] = math.log10(value)
    assert stem[False, 66] < stem[False, 18] - 6
    assert abs(stem[True, 66] - stem[True, 18]) < 1.5


def command(*arguments: str | Path) -> int:
    args = get_args_parser().parse_args(["depth", *map(str, arguments)])
    return int(args.run(args))


def test_quick_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(depth, "FILE", tmp_path / "depth.json")
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # in this process
    other = tmp_path / "quick.json"
    assert command("--quick", "--output", other) == 0
    printed = capsys.readouterr().out
    assert "one seed tells nothing apart" in printed
    assert "Not measured yet: 1 of 7 rows." in printed
    assert command("--show", "--output", other) == 0
    assert capsys.readouterr().out == printed
    assert not (tmp_path / "depth.json").exists()
    stored = depth.load(other)
    assert stored is not None
    assert stored["about"]["command"] == "python -m resnet depth --quick"
    assert len({tuple(run["loss"]) for run in stored["runs"]}) == 2 * 2 * 3 * 2
    with pytest.raises(runs.StudyError, match="--quick"):
        command("--quick", "--output", tmp_path / "depth.json")


def test_small_tables_are_whole_first() -> None:
    cases = depth.cases_of(depth.DEPTHS)
    plan = depth.plan_of(depth.SEEDS, cases, depth.RATES)
    assert len(cases) == 4 * 3 + 1
    assert len(plan) == len({*plan}) == 10 * 2 * (4 * 3 * len(depth.RATES) + len(depth.FULL_RATES))
    few = 5 * 2 * 4 * len(depth.RATES)  # the runs of five seeds of four cases
    assert not any(case.is_live for _, _, case, _ in plan[: 2 * few])
    assert all(case.is_live for _, _, case, _ in plan[2 * few : 3 * few])
    assert {seed for seed, *_ in plan[: 3 * few]} == {*range(1, 6)}
    assert {case == FULL for _, _, case, _ in plan[6 * few :]} == {True}
    assert plan[: 2 * few] == depth.plan_of(5, cases, depth.RATES)[: 2 * few]


def test_the_stored_runs_are_those_of_this_recipe_and_these_data() -> None:
    table = depth.load()
    assert table is not None
    about = table["about"]
    assert about["recipe"] == dataclasses.asdict(depth.RECIPE)
    assert about["data_sha256"] == mnist.load().sha256
    assert about["depths"] == list(depth.DEPTHS)
    assert {*about["rates"]} <= {*depth.RATES}
    keys = [depth.key_of(run) for run in table["runs"]]
    cases = depth.cases_of(about["depths"])
    assert len({*keys}) == len(keys)
    assert {*keys} <= {*depth.plan_of(max(seed for seed, *_ in keys), cases, about["rates"])}
    narrow = [Case(layers, has_norm) for layers in depth.DEPTHS for has_norm in (True, False)]
    found = depth_results.results(table)
    assert min(len(found[case].seeds) for case in narrow) >= 5
