"""The study of depth: nets with shortcuts and without, with batch norm and without.

The textbook's steps, from many seeds, at 18 to 98 layers: all nets at equal rates, from equal seeds
and on equal batches. Narrow nets, 16 channels in the first stage instead of 64, so that all of it
takes minutes; each is judged every 5 steps, so that its curve can be drawn, and its gradients are
measured before the first step and after the last. One pair is of full width, to see whether it is
width that tells them apart.

The first weights count taps that meet padding, as most do on small maps. How much of what depth
does is their doing, the same nets tell, their kernels enlarged as if they did not: by the gradients
of all, and where there is no batch norm, which would undo it, by trainings of their own.
"""

import copy
import dataclasses
import functools
import itertools
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import TypeAdapter
from torch import Tensor

from resnet import narrow
from resnet.checkpoint import VARIANTS
from resnet.classifier import ready
from resnet.mnist import Mnist, Split
from resnet.model import SEEDING, ResNet, Window, fastest_device, map_sizes, placed
from resnet.studies import runs
from resnet.studies.gradients import Gradients, gradients
from resnet.studies.runs import Provenance, Table
from resnet.studies.shares import Shares, shares
from resnet.studies.short_training import (
    Pictures,
    ShortRecipe,
    ShortRun,
    Tally,
    judged_descent,
    logits_in_batches,
    pictures_of,
    slices,
    tally,
)

FILE = runs.RESULTS / "depth.json"
WIDTH, FULL_WIDTH = narrow.WIDTH, 64  # channels in the first stage
DEPTHS = (18, 34, 66, 98)  # layers
RATES = (0.0001, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2)
FULL_RATES = (0.005, 0.02, 0.05, 0.1)  # a net of full width takes half a minute
SEEDS = 10
FIRST_SEEDS = range(1, 6)  # they are run first, for a table that soon is whole
RECIPE = ShortRecipe(test=0, judge_every=5)
QUICK = ShortRecipe(train=128, validation=50, test=0, test_all=100, epochs=1, judge_every=1)
QUICK_DEPTHS, QUICK_RATES = (18, 34), (0.02, 0.05)
FRESH = range(100_000, 1_000_000)  # seeds to draw from on the page; no stored run has one
ONE_ERROR = 64  # digits of the batch whose error is sent back, the first of the training slice


@dataclass(frozen=True)
class Case:
    """A pair of nets, with shortcuts and without, and how they begin."""

    depth: int  # layers
    has_norm: bool
    is_live: bool = False  # whether its kernels are enlarged for live taps
    width: int = WIDTH


FULL = Case(34, True, width=FULL_WIDTH)
Key = tuple[int, str, Case, float]  # seed, net, which of such nets, rate
When = Literal["start", "live", "end"]


class DepthRun(ShortRun):
    """One net at one rate from one seed, as it is stored."""

    depth: int
    has_norm: bool
    is_live: bool
    width: int
    gradient: dict[When, Gradients]  # before the first step, so of the net enlarged, and at last
    share: Shares  # of f, before the first step; empty for a net without shortcuts


class DepthProvenance(Provenance):
    depths: list[int]


DepthTable = Table[DepthProvenance, DepthRun]  # results/depth.json
SCHEMA: TypeAdapter[DepthTable] = TypeAdapter(DepthTable)


def load(path: Path | None = None) -> DepthTable | None:
    """The stored runs of results/depth.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def build(variant: str, depth: int, has_norm: bool, seed: int, width: int = WIDTH) -> ResNet:
    """A net of so many layers as it begins from a seed."""
    with SEEDING:
        torch.manual_seed(seed)
        net = narrow.build(variant, depth, has_norm, width)
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
    seed, variant, case, rate = key
    first = digits["train"].first(ONE_ERROR)
    net = build(variant, case.depth, case.has_norm, seed, case.width)
    grown = enlarged(net, first.images[:1])
    live = gradients(grown, first.images, first.labels)
    if case.is_live:
        net = grown
    start = gradients(net, first.images, first.labels)
    share = shares(net, first.images)
    course, best = judged_descent(net, rate, seed, digits, recipe)
    end = gradients(net, first.images, first.labels)
    return {
        "seed": seed,
        "net": variant,
        "depth": case.depth,
        "has_norm": case.has_norm,
        "is_live": case.is_live,
        "width": case.width,
        "rate": rate,
        **course,
        "test_all": tested(net, best, digits["test_all"]),
        "gradient": {"start": start, "live": live, "end": end},
        "share": share,
        "seconds": round(time.perf_counter() - started, 1),
    }


def tested(net: ResNet, weights: Mapping[str, Tensor], test: Pictures) -> Tally:
    """How a net does on the test digits once it has these weights."""
    net.load_state_dict(weights)
    return tally(logits_in_batches(ready(net, fastest_device()), test.images), test.labels)


def sent_back(
    depth: int, has_norm: bool, seed: int, digits: Split
) -> tuple[dict[str, Gradients], Shares]:
    """The gradients of one batch of MNIST's digits in both nets, as they begin from a seed, and f's
    share in the one with shortcuts."""
    device = fastest_device()
    pictures, labels = pictures_of(digits.images).to(device), digits.labels.to(device)
    nets = {variant: build(variant, depth, has_norm, seed) for variant in VARIANTS}
    found = {variant: gradients(net, pictures, labels) for variant, net in nets.items()}
    return found, shares(nets["residual"], pictures)


def cases_of(depths: Sequence[int]) -> list[Case]:
    """All pairs, as the tables have them: as they begin, of live taps, of full width."""
    return [
        *(Case(depth, has_norm) for has_norm in (True, False) for depth in depths),
        *(Case(depth, False, is_live=True) for depth in depths),
        FULL,
    ]


def rates_of(case: Case, rates: Sequence[float]) -> list[float]:
    """Those of the rates at which such nets are trained."""
    return [rate for rate in rates if case != FULL or rate in FULL_RATES]


def plan_of(seeds: int, cases: Sequence[Case], rates: Sequence[float]) -> list[Key]:
    """All runs, in such an order that some cases soon are whole; those of full width come last."""
    usual = [case for case in cases if not case.is_live and case != FULL]
    live = [case for case in cases if case.is_live]
    full = [case for case in cases if case == FULL]
    first, more = (
        [seed for seed in range(1, seeds + 1) if (seed in FIRST_SEEDS) == is_first]
        for is_first in (True, False)
    )
    steps = [(first, usual), (first, live), (more, [*usual, *live]), ([*first, *more], full)]
    return [
        (seed, variant, case, rate)
        for some, of_step in steps
        for seed, variant, case in itertools.product(some, VARIANTS, of_step)
        for rate in rates_of(case, rates)
    ]


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
    is_quick = recipe == QUICK
    table = runs.begun(
        SCHEMA,
        "python -m resnet depth",
        path,
        identity={"recipe": dataclasses.asdict(recipe), "data_sha256": data.sha256},
        about={"depths": list(depths), "rates": list(rates)},
        seeds=None if is_quick else seeds,
    )
    cases = [case for case in cases_of(depths) if not is_quick or case != FULL]
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan_of(seeds, cases, rates), key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> DepthTable:
    """All that is shown, of so many seeds."""
    return repeated(seeds, DEPTHS, RATES, RECIPE, data, path)


def quick(data: Mnist, path: Path | None) -> DepthTable:
    """A few steps of one seed: to see that all works."""
    return repeated(1, QUICK_DEPTHS, QUICK_RATES, QUICK, data, path)


def case_of(run: DepthRun) -> Case:
    return Case(run["depth"], run["has_norm"], run["is_live"], run["width"])


def key_of(run: DepthRun) -> Key:
    return run["seed"], run["net"], case_of(run), run["rate"]
