"""The lesion study: how many test digits both nets still read with a part cut out.

The shipped nets, and several pairs trained for one epoch each from seeds of their own, so that what
is said of shortcuts is not one seed's luck. Lesion studies of residual nets: Veit et al., arXiv
1605.06431, section 4.1, figure 3.
"""

import dataclasses
import functools
import itertools
import json
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import torch
from pydantic import TypeAdapter
from torch import Tensor
from tqdm import tqdm
from typing_extensions import TypedDict

from resnet import checkpoint, handwriting, ink
from resnet.classifier import ready
from resnet.mnist import Mnist, Split
from resnet.model import ResBlock, ResNet18, fastest_device
from resnet.stats import seeds_in_words, wilson_interval
from resnet.studies import runs
from resnet.studies.runs import RESULTS, Printed, is_alike, made, made_on, replace
from resnet.surgery import INTACT, UNITS, Settings, Unit, can_be_out, run_unit, without
from resnet.training import Recipe, Run, fit

FILE = RESULTS / "lesion.json"
DIALS = (0.0, 0.25, 0.5, 0.75, 1.25, 1.5, 1.75, 2.0)  # at 1 a net is whole
# One epoch of MNIST alone.
SHORT = Recipe(epochs=1, written=0, printed=0, not_digits=0)
BATCH = 500


class Counts(TypedDict):
    """How many of the test digits one net reads right, by what was done to it."""

    total: int  # test digits
    whole: int
    out: dict[str, int]  # the units that are out, as "2" or "2,4"
    cut: dict[str, int]  # the unit whose shortcut is cut
    dial: dict[str, dict[str, int]]  # the unit, and what its f is multiplied by


class ShippedCounts(Counts):
    weights_sha256: str


class SeedCounts(Counts):
    seed: int


LesionProvenance = TypedDict(
    "LesionProvenance",
    {
        "command": str,
        "recipe of the seeds": dict[str, float | bool],
        "data_sha256": str,
        "digits": list[int],  # of the training and the test slice
        "box": int,  # pixels of a digit's larger side
        "torch": str,
        "date": str,
        "machine": str,
    },
)


class LesionTable(TypedDict):
    """results/lesion.json."""

    about: LesionProvenance
    shipped: dict[str, ShippedCounts]  # by variant
    seeds: list[dict[str, SeedCounts]]


SCHEMA = TypeAdapter(LesionTable)


@torch.inference_mode()
def right_under(
    net: ResNet18, pictures: Tensor, labels: Tensor, settings: Sequence[Settings]
) -> dict[Settings, int]:
    """How many of (N, 1, 32, 32) pictures in [0, 1] a net reads right under each of the settings.

    Settings that begin alike share the units they begin with: all 256 ways of leaving units out
    cost as much as some fifteen readings.
    """
    right: Counter[Settings] = Counter()
    units = net.units()
    device = next(net.parameters()).device

    def descend(x: Tensor, expected: Tensor, depth: int, group: Sequence[Settings]) -> None:
        if depth == UNITS:
            right[group[0]] += int((net.head(x).argmax(1) == expected).sum())
            return
        alike: dict[Unit, list[Settings]] = {}
        for one in group:
            alike.setdefault(one[depth], []).append(one)
        for how, those in alike.items():
            descend(run_unit(units[depth], x, how), expected, depth + 1, those)

    for some, their_labels in zip(pictures.split(BATCH), labels.split(BATCH), strict=True):
        x = net.stem(ink.normalise(some.to(device)))
        descend(x, their_labels.to(device), 0, settings)
    return dict(right)


def with_unit(number: int, how: Unit) -> Settings:
    """All units whole but one, counted from 1."""
    return (*INTACT[: number - 1], how, *INTACT[number:])


def ways_to_be_out(units: Sequence[ResBlock], most: int) -> dict[str, Settings]:
    """Every choice of up to so many units that can be out, as "2" or "2,4"."""
    numbers = [number for number, unit in enumerate(units, 1) if can_be_out(unit)]
    choices = itertools.chain.from_iterable(
        itertools.combinations(numbers, count) for count in range(1, most + 1)
    )
    return {",".join(map(str, choice)): without(choice) for choice in choices}


def measured(net: ResNet18, test: Split, most_out: int) -> Counts:
    """The counts of one net over the test digits, by what was done to it."""
    fast = ready(net, fastest_device())
    numbers = range(1, UNITS + 1)
    out = ways_to_be_out(net.units(), most_out)
    cut = {str(n): with_unit(n, Unit(has_shortcut=False)) for n in numbers if net.use_residual}
    dial = {
        str(n): {f"{a:g}": with_unit(n, Unit(dial=a)) for a in sorted((*DIALS, 1.0))}
        for n in numbers
    }
    turned = [settings for of_unit in dial.values() for settings in of_unit.values()]
    settings = list(dict.fromkeys([INTACT, *out.values(), *cut.values(), *turned]))
    right = right_under(fast, ink.frame(test.images), test.labels, settings)
    return {
        "total": len(test),
        "whole": right[INTACT],
        "out": {name: right[how] for name, how in out.items()},
        "cut": {name: right[how] for name, how in cut.items()},
        "dial": {n: {a: right[how] for a, how in of_unit.items()} for n, of_unit in dial.items()},
    }


def measured_seed(key: tuple[int, str], data: Mnist) -> SeedCounts:
    """Train a net from a seed for one epoch, and measure it."""
    seed, variant = key
    few = handwriting.extras(10)  # the recipe takes none of them
    run = Run(variant, SHORT, seed, data.sha256, few, fastest_device())
    fit(run, data.train, data.validation, few.digits, lambda: None, lambda: False)
    net = checkpoint.build(variant)
    net.load_state_dict(run.best)
    return {"seed": seed, **measured(net.eval(), data.test, most_out=1)}


def study(
    nets: Mapping[str, tuple[ResNet18, checkpoint.About]],
    seeds: int,
    data: Mnist,
    path: Path | None = None,
    workers: int | None = None,
) -> LesionTable:
    """The whole table, as it is stored, written after each seed.

    What the file holds of these weights, this recipe and these data is not measured again. Without
    a path nothing is kept.
    """
    identity = {
        "recipe of the seeds": dataclasses.asdict(SHORT),
        "data_sha256": data.sha256,
        "digits": [len(data.train), len(data.test)],
        "box": ink.BOX,
    }
    old = stored_alike(path, identity)
    kept = {} if old is None else old["shipped"]
    by_seed = [] if old is None else old["seeds"]
    shipped: dict[str, ShippedCounts] = {}
    for variant, (net, about) in tqdm(nets.items(), desc="shipped nets", unit="net"):
        weights = about["weights_sha256"]
        if variant in kept and kept[variant]["weights_sha256"] == weights:
            shipped[variant] = kept[variant]
        else:
            shipped[variant] = {"weights_sha256": weights, **measured(net, data.test, UNITS)}
    left = [(seed, v) for seed in range(len(by_seed) + 1, seeds + 1) for v in nets]
    trained = made(left, functools.partial(measured_seed, data=data), workers)
    of_one: dict[str, SeedCounts] = {}
    for (_, variant), counts in tqdm(zip(left, trained, strict=True), total=len(left), unit="net"):
        of_one[variant] = counts
        if len(of_one) == len(nets):
            by_seed.append(of_one)
            of_one = {}
            store(path, identity, shipped, by_seed)
    if old is not None and not left and shipped == kept:
        return old
    return store(path, identity, shipped, by_seed)


def stored_alike(path: Path | None, identity: Mapping[str, object]) -> LesionTable | None:
    """The file's table; None where there is none that can go on."""
    old = None if path is None else load(path)
    return old if old is not None and is_alike(old["about"], identity) else None


def store(
    path: Path | None,
    identity: Mapping[str, object],
    shipped: dict[str, ShippedCounts],
    seeds: list[dict[str, SeedCounts]],
) -> LesionTable:
    command = f"python -m resnet lesion --seeds {len(seeds)}"
    about = cast(LesionProvenance, {"command": command, **identity, **made_on()})
    table: LesionTable = {"about": about, "shipped": shipped, "seeds": seeds}
    if path is not None:
        replace(path, json.dumps(table, indent=1) + "\n")
    return table


def by_how_many(counts: Counts) -> dict[int, list[int]]:
    """How many digits each net with units out reads right, by how many of them are out, from 0."""
    rows = {0: [counts["whole"]]}
    for units, right in counts["out"].items():
        rows.setdefault(len(units.split(",")), []).append(right)
    return rows


def load(path: Path | None = None) -> LesionTable | None:
    """The table of results/lesion.json or another file; None where there is none."""
    table = runs.load(path or FILE, SCHEMA)
    return table if table is not None and table["shipped"] else None


# --- as text ---------------------------------------------------------------------------------

Kind = Literal["whole", "out", "cut"]
NUMBERS = [str(number) for number in range(1, UNITS + 1)]


def tables(table: LesionTable) -> list[Printed]:
    """The stored figures, ready to print."""
    shipped, seeds = table["shipped"], table["seeds"]
    variants = list(shipped)
    total = shipped[variants[0]]["total"]
    found: list[Printed] = [
        (
            f"The shipped nets, right of {total:,} test digits (95 % interval):",
            headers(variants),
            rows(variants, lambda variant, kind, n: counted(shipped[variant], kind, n)),
        )
    ]
    if seeds:
        found.append(
            (
                f"{seeds_in_words(len(seeds))} trained for one epoch, median (least - most):",
                headers(variants),
                rows(variants, lambda variant, kind, n: spread(seeds, variant, kind, n)),
            )
        )
    found.append(
        (
            "The shipped nets by how many units are out, median of all such nets (least - most):",
            ["units out", *(f"{v}{what}" for v in variants for what in (", nets", ", right"))],
            by_count(shipped),
        )
    )
    found.append(
        (
            "The shipped nets with f of one unit turned down or up, intervals at most +-1 point:",
            ["net", "unit", *(f"f x {a}" for a in shipped[variants[0]]["dial"]["1"])],
            [
                [variant, n, *(f"{right / total:.1%}" for right in counts["dial"][n].values())]
                for variant, counts in shipped.items()
                for n in NUMBERS
            ],
        )
    )
    return found


def headers(variants: Sequence[str]) -> list[str]:
    return ["unit", *(f"{variant}, unit out" for variant in variants), "residual, shortcut cut"]


def rows(variants: Sequence[str], cell: Callable[[str, Kind, str], str]) -> list[list[str]]:
    """One for the whole nets and one a unit; cell takes net, what was done, and the unit."""
    whole = [cell(variant, "whole", "") for variant in variants]
    return [
        ["none", *whole, whole[variants.index("residual")]],
        *([n, *(cell(v, "out", n) for v in variants), cell("residual", "cut", n)] for n in NUMBERS),
    ]


def by_count(shipped: Mapping[str, Counts]) -> list[list[str]]:
    """A row for every number of units out; a net in which fewer can be out ends earlier."""
    nets = [by_how_many(counts) for counts in shipped.values()]
    totals = [counts["total"] for counts in shipped.values()]
    found = []
    for out in range(max(max(rows) for rows in nets) + 1):
        cells = []
        for rows, total in zip(nets, totals, strict=True):
            shares = sorted(right / total for right in rows.get(out, []))
            cells += [str(len(shares)), in_words(shares)] if shares else ["", ""]
        found.append([str(out), *cells])
    return found


def count_of(counts: Counts, kind: Kind, n: str) -> int | None:
    """None for a unit that cannot be out."""
    return counts["whole"] if kind == "whole" else counts[kind].get(n)


def counted(counts: Counts, kind: Kind, n: str) -> str:
    right = count_of(counts, kind, n)
    if right is None:
        return "no detour"
    low, high = wilson_interval(right, counts["total"])
    return f"{right} ({low:.1%} - {high:.1%})"


def spread(seeds: Sequence[Mapping[str, SeedCounts]], variant: str, kind: Kind, n: str) -> str:
    found = [count_of(seed[variant], kind, n) for seed in seeds]
    shares = sorted(right / seeds[0][variant]["total"] for right in found if right is not None)
    return in_words(shares) if shares else "no detour"


def in_words(shares: Sequence[float]) -> str:
    """The median of rising shares, and how far they go."""
    return f"{statistics.median(shares):.1%} ({shares[0]:.1%} - {shares[-1]:.1%})"
