"""Stuck or slow? The deep nets of the depth study, trained for ten times as many steps.

After that study's 80 steps a plain net of 34 layers reads half of the digits and one of 66 guesses.
Here they go on to 800 steps, on the same 1,000 digits, in the same order, from the same seeds, at
the rate that the stored runs chose; and again with two remedies for gradients that are too large:
clipped to a norm of 1 (Pascanu et al., arXiv 1211.5063), and with a rate that climbs over the first
100 steps, as He et al. had to warm up their net of 110 layers (arXiv 1512.03385, section 4.2).
"""

import dataclasses
import functools
import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from resnet.mnist import Mnist
from resnet.studies import depth, runs
from resnet.studies.depth import DepthRun, DepthTable
from resnet.studies.runs import Provenance, SeededRun, StudyError, Table
from resnet.studies.short_training import (
    Aid,
    Pictures,
    ShortRecipe,
    Tally,
    judged_descent,
    slices,
)
from resnet.studies.textbook_verdict import kept, percents

FILE = runs.RESULTS / "stuck.json"
NETS = (("plain", 34), ("plain", 66), ("residual", 66))  # and layers
# The stored runs of 66 plain layers guess at every rate, so none of them is the best: more than
# one is tried.
MORE_RATES = {("plain", 66): (0.02, 0.1)}
AIDS = {"none": Aid(), "clipping": Aid(clip=1.0), "warm-up": Aid(warm_up=100)}
SEEDS = 5
RECIPE = ShortRecipe(test=0, epochs=50, judge_every=20)
QUICK = ShortRecipe(train=64, validation=50, test=0, test_all=100, epochs=3, judge_every=1)
QUICK_NETS = (("plain", 18), ("residual", 18))

Key = tuple[int, str, int, float, str]  # seed, net, layers, rate, aid


class Case(TypedDict):
    """A net that is trained for longer."""

    net: str
    depth: int
    rate: float
    before: float  # percent of the test digits that the stored runs of 80 steps read, mean of seeds


class StuckRun(SeededRun):
    """One net from one seed with one aid, as it is stored."""

    net: str
    depth: int
    rate: float
    aid: str  # one of AIDS
    step: list[int]  # steps done at each judgement
    loss: list[float | None]  # on the training digits, mean of the steps since the one before
    right: list[int]  # validation digits
    total: int
    test_all: Tally  # of the best weights on validation
    seconds: float


class StuckProvenance(Provenance):
    cases: list[Case]
    width: int


StuckTable = Table[StuckProvenance, StuckRun]  # results/stuck.json
SCHEMA: TypeAdapter[StuckTable] = TypeAdapter(StuckTable)


def load(path: Path | None = None) -> StuckTable | None:
    """The stored runs of results/stuck.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def key_of(run: StuckRun) -> Key:
    return run["seed"], run["net"], run["depth"], run["rate"], run["aid"]


def keys_of(seed: int, case: Case) -> list[Key]:
    return [(seed, case["net"], case["depth"], case["rate"], aid) for aid in AIDS]


def cases_of(deep: DepthTable, nets: Sequence[tuple[str, int]] = NETS) -> list[Case]:
    """The nets at the rates that the stored runs of the depth study choose, and some more."""
    cases: list[Case] = []
    for net, layers in nets:
        stored = stored_runs(deep, net, layers)

        def merit(rate: float, stored: Mapping[float, list[DepthRun]] = stored) -> float:
            return statistics.fmean(kept(run) for run in stored[rate])

        for rate in sorted({max(stored, key=merit), *MORE_RATES.get((net, layers), ())}):
            accuracies = percents(run["test_all"] for run in stored[rate])
            before = round(statistics.fmean(accuracies), 2)
            cases.append({"net": net, "depth": layers, "rate": rate, "before": before})
    return cases


def stored_runs(deep: DepthTable, net: str, layers: int) -> dict[float, list[DepthRun]]:
    """Of a narrow net with batch norm, by rate. Raises StudyError where there is none."""
    found: dict[float, list[DepthRun]] = {}
    for run in deep["runs"]:
        of_run = run["net"], run["depth"], run["has_norm"], run["width"]
        if of_run == (net, layers, True, depth.WIDTH):
            found.setdefault(run["rate"], []).append(run)
    if not found:
        raise StudyError(f"The depth study has no runs of the {net} net of {layers} layers yet.")
    return found


def measured(key: Key, digits: dict[str, Pictures], recipe: ShortRecipe) -> StuckRun:
    """One run, as it is stored."""
    started = time.perf_counter()
    seed, variant, layers, rate, aid = key
    net = depth.build(variant, layers, True, seed)
    course, best = judged_descent(net, rate, seed, digits, recipe, AIDS[aid])
    judged = course["validation"]
    return {
        "seed": seed,
        "net": variant,
        "depth": layers,
        "rate": rate,
        "aid": aid,
        "step": judged["step"],
        "loss": [
            mean(course["loss"][start:stop])
            for start, stop in itertools.pairwise([0, *judged["step"]])
        ],
        "right": judged["right"],
        "total": judged["total"],
        "test_all": depth.tested(net, best, digits["test_all"]),
        "seconds": round(time.perf_counter() - started, 1),
    }


def mean(losses: Sequence[float | None]) -> float | None:
    """None where one is no finite number."""
    finite = [loss for loss in losses if loss is not None]
    return round(statistics.fmean(finite), 4) if len(finite) == len(losses) else None


def repeated(
    seeds: int, cases: list[Case], recipe: ShortRecipe, data: Mnist, path: Path | None
) -> StuckTable:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another study's.
    """
    table = runs.begun(
        SCHEMA,
        "python -m resnet stuck",
        path,
        identity={
            "width": depth.WIDTH,
            "recipe": dataclasses.asdict(recipe),
            "data_sha256": data.sha256,
        },
        about={"cases": cases, "rates": sorted({case["rate"] for case in cases})},
        seeds=None if recipe == QUICK else seeds,
    )
    plan = [key for seed in range(1, seeds + 1) for case in cases for key in keys_of(seed, case)]
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan, key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> StuckTable:
    """All that is shown, of so many seeds. Raises StudyError without the study of depth."""
    deep = depth.load()
    if deep is None:
        raise StudyError(
            "The runs of the depth study choose the rates; make them first: python -m resnet depth"
        )
    return repeated(seeds, cases_of(deep), RECIPE, data, path)


def quick(data: Mnist, path: Path | None) -> StuckTable:
    """A few steps of one seed: to see that all works."""
    cases: list[Case] = [
        {"net": net, "depth": layers, "rate": 0.02, "before": 10.0} for net, layers in QUICK_NETS
    ]
    return repeated(1, cases, QUICK, data, path)
