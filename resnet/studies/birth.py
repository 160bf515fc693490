"""The study of the dial at birth: nets without batch norm whose units begin with f turned down.

Without batch norm a deep net with shortcuts diverges, for every unit adds as much as it gets. De
and Smith, arXiv 2002.10444, begin with f scaled by one over the square root of the number of units,
or by 0; Zhang et al., arXiv 1901.09321 (Fixup), begin with the last convolution of every f at 0 as
well. Here that convolution is scaled, once, before the first step. Nets, steps, seeds and batches
are those of the study of depth.
"""

import dataclasses
import functools
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from resnet.mnist import Mnist
from resnet.model import ResNet
from resnet.studies import depth, runs
from resnet.studies.depth import DEPTHS, ONE_ERROR, RECIPE
from resnet.studies.runs import Provenance, Table
from resnet.studies.shares import Shares, shares
from resnet.studies.short_training import (
    Pictures,
    ShortRecipe,
    ShortRun,
    judged_descent,
    slices,
)

FILE = runs.RESULTS / "birth.json"
RATES = (0.0001, 0.001, 0.005, 0.02, 0.05, 0.1)
SEEDS = 5

Start = Literal["one", "root", "zero"]
Pair = tuple[str, Start]  # a net, and what its f is scaled by
# Without shortcuts a net is its f, so it is not turned down: it is there to compare with.
PAIRS: tuple[Pair, ...] = (
    ("residual", "one"),
    ("residual", "root"),
    ("residual", "zero"),
    ("plain", "one"),
)
Key = tuple[int, int, Pair, float]  # seed, layers, net and scale, rate


class BirthRun(ShortRun):
    """One net at one rate from one seed, as it is stored."""

    depth: int
    start: Start
    share: Shares  # of f, before the first step; empty for a net without shortcuts


class BirthProvenance(Provenance):
    depths: list[int]


BirthTable = Table[BirthProvenance, BirthRun]  # results/birth.json
SCHEMA: TypeAdapter[BirthTable] = TypeAdapter(BirthTable)


def load(path: Path | None = None) -> BirthTable | None:
    """The stored runs of results/birth.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def scale_of(start: Start, units: int) -> float:
    return {"one": 1.0, "root": units**-0.5, "zero": 0.0}[start]


def turn_down(net: ResNet, start: Start) -> None:
    """Scale f in every unit of a net as it begins, by its last convolution.

    So f(x) is scaled exactly, for no norm follows and biases begin at 0.
    """
    units = net.units()
    for unit in units:
        unit.conv2.weight.data *= scale_of(start, len(units))


def measured(key: Key, digits: dict[str, Pictures], recipe: ShortRecipe) -> BirthRun:
    """One run, as it is stored."""
    started = time.perf_counter()
    seed, layers, (variant, start), rate = key
    net = depth.build(variant, layers, False, seed)
    turn_down(net, start)
    share = shares(net, digits["train"].images[:ONE_ERROR])
    course, best = judged_descent(net, rate, seed, digits, recipe)
    return {
        "seed": seed,
        "net": variant,
        "depth": layers,
        "start": start,
        "rate": rate,
        **course,
        "test_all": depth.tested(net, best, digits["test_all"]),
        "share": share,
        "seconds": round(time.perf_counter() - started, 1),
    }


def repeated(
    seeds: int,
    depths: Sequence[int],
    rates: Sequence[float],
    recipe: ShortRecipe,
    data: Mnist,
    path: Path | None,
) -> BirthTable:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another study's.
    """
    table = runs.begun(
        SCHEMA,
        "python -m resnet birth",
        path,
        identity={"recipe": dataclasses.asdict(recipe), "data_sha256": data.sha256},
        about={"depths": list(depths), "rates": list(rates)},
        seeds=None if recipe == depth.QUICK else seeds,
    )
    plan = list(itertools.product(range(1, seeds + 1), depths, PAIRS, rates))
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan, key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> BirthTable:
    """All that is shown, of so many seeds."""
    return repeated(seeds, DEPTHS, RATES, RECIPE, data, path)


def quick(data: Mnist, path: Path | None) -> BirthTable:
    """A few steps of one seed: to see that all works."""
    return repeated(1, depth.QUICK_DEPTHS, depth.QUICK_RATES, depth.QUICK, data, path)


def key_of(run: BirthRun) -> Key:
    return run["seed"], run["depth"], (run["net"], run["start"]), run["rate"]
