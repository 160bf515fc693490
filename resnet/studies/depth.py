"""The study of depth: nets with shortcuts and without, with batch norm and without.

The textbook's steps, from many seeds, at 18 to 98 layers: all nets at equal rates, from equal seeds
and on equal batches. Narrow nets, 16 channels in the first stage instead of 64, so that all of it
takes minutes; each is judged every 5 steps, so that its curve can be drawn, and its gradients are
measured before the first step and after the last.

The first weights count taps that meet padding, as most do on small maps. How much of what depth
does is their doing, the gradients of the same net tell, its kernels enlarged as if they did not.
"""

import copy
import dataclasses
import functools
import itertools
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pydantic import TypeAdapter
from torch import Tensor

from resnet.checkpoint import VARIANTS
from resnet.classifier import ready
from resnet.mnist import Mnist, Split
from resnet.model import SEEDING, ResNet, Window, fastest_device, map_sizes, placed
from resnet.studies import runs
from resnet.studies.gradients import Gradients, gradients
from resnet.studies.runs import Provenance, Table
from resnet.studies.short_training import (
    Pictures,
    ShortRecipe,
    ShortRun,
    judged_descent,
    logits_in_batches,
    pictures_of,
    slices,
    tally,
)

FILE = runs.RESULTS / "depth.json"
WIDTH = 16  # channels in the first stage
DEPTHS = (18, 34, 66, 98)  # layers
RATES = (0.001, 0.005, 0.02, 0.05, 0.1)
SEEDS = 5
RECIPE = ShortRecipe(test=0, judge_every=5)
QUICK = ShortRecipe(train=128, validation=50, test=0, test_all=100, epochs=1, judge_every=1)
QUICK_DEPTHS, QUICK_RATES = (18, 34), (0.02, 0.05)
FRESH = range(100_000, 1_000_000)  # seeds to draw from on the page; no stored run has one
ONE_ERROR = 64  # digits of the batch whose error is sent back, the first of the training slice

Key = tuple[int, str, int, bool, float]  # seed, net, layers, whether it has norms, rate


When = Literal["start", "live", "end"]


class DepthRun(ShortRun):
    """One net at one rate from one seed, as it is stored."""

    depth: int
    has_norm: bool
    gradient: dict[When, Gradients]  # before the first step, so of the net enlarged, and at last


class DepthProvenance(Provenance):
    depths: list[int]
    width: int


DepthTable = Table[DepthProvenance, DepthRun]  # results/depth.json
SCHEMA: TypeAdapter[DepthTable] = TypeAdapter(DepthTable)


def load(path: Path | None = None) -> DepthTable | None:
    """The stored runs of results/depth.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def build(variant: str, depth: int, has_norm: bool, seed: int) -> ResNet:
    """A net of so many layers as it begins from a seed."""
    with SEEDING:
        torch.manual_seed(seed)
        net = ResNet(
            use_residual=variant == "residual",
            units_per_stage=(depth - 2) // 8,  # of two layers, in four stages; stem and head
            width=WIDTH,
            has_norm=has_norm,
        )
    return placed(net, fastest_device())


def enlarged(net: ResNet, pictures: Tensor) -> ResNet:
    """A copy of a net as it begins, as if its first weights counted live taps only.

    He et al., arXiv 1502.01852, section 2.2, choose the first weights' variance so that a signal
    keeps its size from layer to layer, and count every tap of a kernel. On a 1x1 map all but one of
    nine meet padding, and the signal falls to a third. Pictures, (N, 1, 32, 32), show the sizes of
    the maps.
    """
    net = copy.deepcopy(net).eval()
    for conv, size in map_sizes(net, pictures).items():
        rows, columns = conv.windows(*size)
        live = mean_taps(rows) * mean_taps(columns)
        conv.weight.data *= math.sqrt(math.prod(conv.kernel_size) / live)
    return net


def mean_taps(windows: list[Window]) -> float:
    """Live ones along one axis, over the outputs."""
    return statistics.fmean(live.stop - live.start for live, _ in windows)


def measured(key: Key, digits: dict[str, Pictures], recipe: ShortRecipe) -> DepthRun:
    """One run, as it is stored."""
    started = time.perf_counter()
    seed, variant, depth, has_norm, rate = key
    first = digits["train"].first(ONE_ERROR)
    net = build(variant, depth, has_norm, seed)
    start = gradients(net, first.images, first.labels)
    live = gradients(enlarged(net, first.images[:1]), first.images, first.labels)
    course, best = judged_descent(net, rate, seed, digits, recipe)
    end = gradients(net, first.images, first.labels)
    net.load_state_dict(best)
    fast = ready(net, fastest_device())
    test = digits["test_all"]
    return {
        "seed": seed,
        "net": variant,
        "depth": depth,
        "has_norm": has_norm,
        "rate": rate,
        **course,
        "test_all": tally(logits_in_batches(fast, test.images), test.labels),
        "gradient": {"start": start, "live": live, "end": end},
        "seconds": round(time.perf_counter() - started, 1),
    }


def sent_back(depth: int, has_norm: bool, seed: int, digits: Split) -> dict[str, Gradients]:
    """The gradients of one batch of MNIST's digits in both nets, as they begin from a seed."""
    device = fastest_device()
    pictures, labels = pictures_of(digits.images).to(device), digits.labels.to(device)
    return {
        variant: gradients(build(variant, depth, has_norm, seed), pictures, labels)
        for variant in VARIANTS
    }


def repeated(
    seeds: int,
    depths: Sequence[int],
    rates: Sequence[float],
    recipe: ShortRecipe,
    data: Mnist,
    path: Path | None,
) -> DepthTable:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another study's.
    """
    table = runs.begun(
        SCHEMA,
        "python -m resnet depth",
        path,
        identity={
            "width": WIDTH,
            "recipe": dataclasses.asdict(recipe),
            "data_sha256": data.sha256,
        },
        about={"depths": list(depths), "rates": list(rates)},
        seeds=None if recipe == QUICK else seeds,
    )
    plan = list(itertools.product(range(1, seeds + 1), VARIANTS, depths, (True, False), rates))
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan, key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> DepthTable:
    """All that is shown, of so many seeds."""
    return repeated(seeds, DEPTHS, RATES, RECIPE, data, path)


def quick(data: Mnist, path: Path | None) -> DepthTable:
    """A few steps of one seed: to see that all works."""
    return repeated(1, QUICK_DEPTHS, QUICK_RATES, QUICK, data, path)


def key_of(run: DepthRun) -> Key:
    return run["seed"], run["net"], run["depth"], run["has_norm"], run["rate"]
