import dataclasses
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from resnet import checkpoint, mnist
from resnet.__main__ import get_args_parser
from resnet.model import LiveConv2d, ResNet
from resnet.studies import depth, proof, runs
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
    run = depth.measured((3, variant, 18, False, 0.05), digits, TINY)
    assert depth.key_of(run) == (3, variant, 18, False, 0.05)
    assert len(run["loss"]) == 2
    assert run["validation"]["step"] == [1, 2]
    assert run["test_all"]["total"] == 10
    found = [tuple(run["gradient"][when]) for when in WHEN]
    assert {len(values) for values in found} == {10}
    assert len(set(found)) == len(WHEN)
    json.dumps(run, allow_nan=False)


def test_a_run_that_explodes_is_stored_as_such() -> None:
    digits = slices(mnist.load(), dataclasses.replace(TINY, train=64, epochs=4))
    recipe = dataclasses.replace(TINY, train=64, epochs=4)
    run = depth.measured((1, "residual", 66, False, 0.5), digits, recipe)
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
    other = tmp_path / "quick.json"
    assert command("--quick", "--output", other) == 0
    printed = capsys.readouterr().out
    assert "one seed tells nothing apart" in printed
    assert command("--show", "--output", other) == 0
    assert capsys.readouterr().out == printed
    assert not (tmp_path / "depth.json").exists()
    stored = depth.load(other)
    assert stored is not None
    assert stored["about"]["command"] == "python -m resnet depth --quick"
    assert len({tuple(run["loss"]) for run in stored["runs"]}) == 2 * 2 * 2 * 2
    with pytest.raises(runs.StudyError, match="--quick"):
        command("--quick", "--output", tmp_path / "depth.json")


def test_the_stored_runs_are_those_of_this_recipe_and_these_data() -> None:
    table = depth.load()
    assert table is not None
    about = table["about"]
    assert about["recipe"] == dataclasses.asdict(depth.RECIPE)
    assert about["data_sha256"] == mnist.load().sha256
    assert about["depths"] == list(depth.DEPTHS)
    seeds = {run["seed"] for run in table["runs"]}
    assert len(seeds) >= 5
    assert len(table["runs"]) == len(seeds) * 2 * 4 * 2 * len(depth.RATES)
