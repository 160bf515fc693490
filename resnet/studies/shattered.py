"""The study behind "Shake it": are the gradients of a digit and of its nudged copy still alike?

What the page does with a visitor's drawing (shake.py), from many seeds at 18 to 98 layers, on
digits of the validation slice. Nothing is trained.
"""

import functools
import itertools
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter
from torch import Tensor

from resnet.checkpoint import VARIANTS
from resnet.mnist import Mnist, Split
from resnet.studies import runs, shake
from resnet.studies.depth import DEPTHS, WIDTH
from resnet.studies.runs import Provenance, SeededRun, StudyError, Table

FILE = runs.RESULTS / "shattered.json"
SEEDS = 20
DIGITS = 4  # of a seed's own
QUICK_DEPTHS, QUICK_DIGITS = DEPTHS[:2], 1

Key = tuple[int, int]  # seed, layers


class ShatteredRun(SeededRun):
    """Both nets of one depth from one seed, as they are stored."""

    depth: int
    cosines: dict[str, list[list[float]]]  # by net: of each nudge, a digit each
    seconds: float


class ShatteredProvenance(Provenance):
    depths: list[int]
    width: int
    nudges: list[float]


ShatteredTable = Table[ShatteredProvenance, ShatteredRun]  # results/shattered.json
SCHEMA: TypeAdapter[ShatteredTable] = TypeAdapter(ShatteredTable)


def load(path: Path | None = None) -> ShatteredTable | None:
    """The stored runs of results/shattered.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def measured(key: Key, digits: Split, others: Tensor, count: int) -> ShatteredRun:
    """One run, as it is stored: nets and noise of a seed, met by some digits of its own."""
    started = time.perf_counter()
    seed, depth = key
    at = slice((seed - 1) * count, seed * count)
    own = Split(digits.images[at], digits.labels[at])
    shaker = shake.Shaker(depth, seed)
    by_digit = [
        shaker.shake(picture, label, shake.NUDGES, others)
        for picture, label in zip(shake.pictures_of(own), own.labels.tolist(), strict=True)
    ]
    cosines = {
        variant: [
            [round(found.cosine(variant), 4) for found in by_nudge]
            for by_nudge in zip(*by_digit, strict=True)
        ]
        for variant in VARIANTS
    }
    seconds = round(time.perf_counter() - started, 1)
    return {"seed": seed, "depth": depth, "cosines": cosines, "seconds": seconds}


def repeated(
    seeds: int, depths: Sequence[int], count: int, data: Mnist, path: Path | None
) -> ShatteredTable:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another study's.
    """
    table = runs.begun(
        SCHEMA,
        "python -m resnet shattered",
        path,
        identity={
            "width": WIDTH,
            "nudges": list(shake.NUDGES),
            "recipe": {"digits": count, "batch": shake.BATCH},
            "data_sha256": data.sha256,
        },
        about={"depths": list(depths), "rates": []},
        seeds=None if count == QUICK_DIGITS else seeds,
    )
    plan = list(itertools.product(range(1, seeds + 1), depths))
    if len(data.validation) < seeds * count:
        raise StudyError(
            f"The validation slice has {len(data.validation)} digits in these data; "
            f"{seeds * count} are needed."
        )
    others = shake.company(data.train)
    make = functools.partial(measured, digits=data.validation, others=others, count=count)
    runs.complete(table, plan, key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> ShatteredTable:
    """All that is shown, of so many seeds."""
    return repeated(seeds, DEPTHS, DIGITS, data, path)


def quick(data: Mnist, path: Path | None) -> ShatteredTable:
    """One digit of one seed: to see that all works."""
    return repeated(1, QUICK_DEPTHS, QUICK_DIGITS, data, path)


def key_of(run: ShatteredRun) -> Key:
    return run["seed"], run["depth"]
