"""Compare changes to the training: short trainings of both nets, one change at a time.

A lever is one change to how the nets are trained: digits in a larger box of the same 32x32 pixels,
products of matrices in float32, a teacher, wider variations, a pen with thinner lines. Each is
trained from the same seeds as what it is compared with, on the same pictures. Read are MNIST's
validation slice and the held-out styles, and how well the held-out pictures that are no digit are
told apart; never the test set, for choices are made on these figures.

The teacher (python -m bench.teacher makes it) saw all of MNIST's training digits, while these short
trainings see fewer; without it its lever is left out.

In a larger box all that the nets are shown (MNIST, fonts, pen and what is no digit) is scaled,
lines and all. The normalisation stays, since batch norm follows the stem.

Every run is written to results/levers.json as soon as it is made; after Ctrl-C the same command
goes on from there.
"""

import argparse
import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from torch.nn import functional as F
from typing_extensions import TypedDict

from bench import teacher, timing
from bench.recipes import apart, trained
from resnet import augment, checkpoint, flags, handwriting, ink, mnist, training
from resnet.stats import mean_of, p_in_words
from resnet.studies import runs
from resnet.studies.runs import Provenance, SeededRun, StudyError, Table

FILE = runs.RESULTS / "levers.json"
SEEDS = 3


@dataclass(frozen=True)
class Lever:
    """One way to train, and the way that it is compared with."""

    name: str
    than: str | None  # another lever's name
    box: int  # pixels of a digit's larger side
    recipe: Mapping[str, Any] = field(default_factory=dict)  # fields of training.Recipe
    variation: Mapping[str, float] = field(default_factory=dict)  # constants of resnet/augment.py
    is_taught: bool = False  # by the teacher of bench/teacher.py
    line: float = ink.MNIST_LINE  # pixels, of the pen's lines in a box of MNIST's size


LEVERS = (
    Lever("box 20", None, 20),
    Lever("box 28", "box 20", 28),
    Lever("box 24", "box 20", 24),
    Lever("float32", "box 20", 20, {"is_bfloat16": False}),
    Lever("teacher", "box 28", 28, is_taught=True),
    Lever("wider", "box 28", 28, variation={"ROTATION": 18.0, "SHIFT": 3.0}),
    Lever("thin", "box 28", 28, line=2.0),
)

Key = tuple[str, int, str]  # lever, seed, net


class Score(TypedDict):
    right: int
    total: int


class LeverRun(SeededRun):
    """One net trained with a lever and read, as it is stored."""

    net: str
    lever: str
    validation: Score  # MNIST's
    styles: Score  # held-out fonts and pen
    styles_loss: float  # their mean cross-entropy, calibrated
    auroc: float  # held-out digits against held-out pictures that are none
    seconds: float


LeverTable = Table[Provenance, LeverRun]  # results/levers.json
SCHEMA: TypeAdapter[LeverTable] = TypeAdapter(LeverTable)


@dataclass(frozen=True)
class Budget:
    """Of each training: the recipe's own batches, but fewer of them."""

    digits: int = 20_000  # of MNIST's training digits
    epochs: int = 2
    extras: int = 8_000  # drawings to choose from, and as many that are no digit
    held_out: int = 2_500
    validation: int = 5_000


QUICK = Budget(digits=100, epochs=1, extras=20, held_out=20, validation=40)


@contextlib.contextmanager
def digits_in(box: int, line: float = ink.MNIST_LINE) -> Iterator[None]:
    """Within it all pictures that this process makes have digits in boxes of this size."""
    before = ink.BOX, ink.LINE, ink.ROOM
    ink.BOX, ink.LINE, ink.ROOM = box, line * box / ink.MNIST_BOX, (ink.SIDE - box) / 2
    handwriting.glyphs.cache_clear()
    try:
        yield
    finally:
        ink.BOX, ink.LINE, ink.ROOM = before
        handwriting.glyphs.cache_clear()


@contextlib.contextmanager
def varied_by(constants: Mapping[str, float]) -> Iterator[None]:
    """Within it pictures are varied by these constants of resnet/augment.py."""
    before = {name: getattr(augment, name) for name in constants}
    vars(augment).update(constants)
    try:
        yield
    finally:
        vars(augment).update(before)


@functools.lru_cache(maxsize=1)
def pictures(
    box: int, line: float, budget: Budget
) -> tuple[handwriting.Extras, handwriting.Extras]:
    """To train on and held out; made once for the runs of a box that follow each other."""
    with digits_in(box, line):
        return (
            handwriting.extras(budget.extras),
            handwriting.extras(budget.held_out, held_out=True),
        )


def measured(
    key: Key, data: mnist.Mnist, budget: Budget, taught_by: teacher.Teacher | None = None
) -> LeverRun:
    """One run, as it is stored."""
    name, seed, variant = key
    lever = next(lever for lever in LEVERS if lever.name == name)
    extras, held_out = pictures(lever.box, lever.line, budget)
    started = time.perf_counter()
    few = replace(
        data,
        train=data.train.first(budget.digits),
        validation=data.validation.first(budget.validation),
    )
    recipe = replace(training.Recipe(epochs=budget.epochs), **lever.recipe)
    digits = held_out.digits
    with digits_in(lever.box, lever.line), varied_by(lever.variation):
        who = taught_by if lever.is_taught else None
        net = trained(variant, recipe, seed, few, extras, held_out, who)
        validation, styles = (
            Score(right=training.evaluate(net, split), total=len(split))
            for split in (few.validation, digits)
        )
        auroc = apart(net, digits.images, held_out.not_digits)
        logits = training.logits_of(net, digits.images)
        calibration = training.calibrated(net, few.validation, held_out)
    loss = F.nll_loss(calibration.probabilities(logits).log(), digits.labels).item()
    return {
        "seed": seed,
        "net": variant,
        "lever": name,
        "validation": validation,
        "styles": styles,
        "styles_loss": round(loss, 6),
        "auroc": round(auroc, 6),
        "seconds": round(time.perf_counter() - started, 1),
    }


def key_of(run: LeverRun) -> Key:
    return run["lever"], run["seed"], run["net"]


def measure(
    levers: Sequence[Lever],
    seeds: int,
    data: mnist.Mnist,
    budget: Budget,
    path: Path | None,
    workers: int | None = None,
) -> LeverTable:
    """The whole table, written to the path after each run; what it holds is not made again."""
    recipe = training.Recipe()
    taught_by = teacher.load(checkpoint.FOLDER)
    identity = {
        "recipe": {
            **vars(budget),
            "batch_size": recipe.batch_size,
            "written": recipe.written,
            "printed": recipe.printed,
            "not_digits": recipe.not_digits,
        },
        "rates": [recipe.peak_rate],
        "data_sha256": data.sha256,
        "extras_sha256": sha256_of_extras(),
    }
    number = None if budget is QUICK else seeds
    table = runs.begun(SCHEMA, "python -m bench.levers", path, identity, {}, number)
    plan = [
        (lever.name, seed, variant)
        for lever in levers
        if taught_by or not lever.is_taught
        for seed in range(seeds)
        for variant in checkpoint.VARIANTS
    ]
    make = functools.partial(measured, data=data, budget=budget, taught_by=taught_by)
    runs.complete(table, plan, key_of, make, path, workers)
    return table


def sha256_of_extras() -> str:
    """Of a few, in MNIST's box: runs on other styles of writing do not stand in one table."""
    with digits_in(ink.MNIST_BOX):
        return handwriting.extras(200).sha256


# --- what it shows ---------------------------------------------------------------------------

MEASURES: dict[str, Callable[[LeverRun], float]] = {
    "MNIST validation, %": lambda run: (
        100 * run["validation"]["right"] / run["validation"]["total"]
    ),
    "held-out styles, %": lambda run: 100 * run["styles"]["right"] / run["styles"]["total"],
    "their loss, 1/1000": lambda run: 1000 * run["styles_loss"],
    "AUROC held out, %": lambda run: 100 * run["auroc"],
}


def tables(table: LeverTable) -> list[runs.Printed]:
    """The means of each lever, and what each has over what it is compared with, seed by seed."""
    found = {key_of(run): run for run in table["runs"]}
    means, differences = [], []
    for net in checkpoint.VARIANTS:
        for lever in LEVERS:
            seeds = sorted(seed for name, seed, n in found if (name, n) == (lever.name, net))
            these = [found[lever.name, seed, net] for seed in seeds]
            if not these:
                continue
            start = [net, lever.name, f"{len(these)}"]
            means.append([*start, *(in_words(list(map(of, these))) for of in MEASURES.values())])
            pairs = [
                (found[lever.name, seed, net], found[lever.than, seed, net])
                for seed in seeds
                if lever.than is not None and (lever.than, seed, net) in found
            ]
            if not pairs:
                continue
            gains = [[of(ours) - of(base) for ours, base in pairs] for of in MEASURES.values()]
            start = [net, lever.name, f"{lever.than}", f"{len(pairs)}"]
            differences.append([*start, *(in_words(gain, is_gain=True) for gain in gains)])
    return [
        ("Mean over the seeds (95 % interval):", ["net", "lever", "seeds", *MEASURES], means),
        (
            "What a lever adds, seed by seed (95 % interval):",
            ["net", "lever", "than", "seeds", *MEASURES],
            differences,
        ),
    ]


def in_words(values: Sequence[float], is_gain: bool = False) -> str:
    found = mean_of(values)
    sign = "+" if is_gain else ""
    if found.count == 1:
        return f"{found.mean:{sign}.2f}"
    words = f"{found.mean:{sign}.2f} ({found.low:{sign}.2f} - {found.high:{sign}.2f}"
    return words + (f", p {p_in_words(found.p)})" if is_gain else ")")


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("levers", __doc__)
    flags.add_data(parser)
    parser.add_argument(
        "--seeds", type=flags.at_least(1), default=SEEDS, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few pictures: see that it works, keep nothing"
    )
    parser.add_argument(
        "--output", type=Path, default=FILE, metavar="FILE", help="default: results/levers.json"
    )
    parser.add_argument("--show", action="store_true", help="print the stored runs only")
    return parser


def main(args: argparse.Namespace) -> int:
    try:
        if args.show:
            table = runs.load(args.output, SCHEMA)
        elif args.quick:
            table = measure(LEVERS, 1, mnist.load(args.data), QUICK, path=None, workers=1)
        else:
            table = measure(LEVERS, args.seeds, mnist.load(args.data), Budget(), args.output)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on after what was stored last.", file=sys.stderr)
        return 130
    except (mnist.DataError, checkpoint.CheckpointError, StudyError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if table is None:
        print(f"{args.output}: no runs that can be read; measure some first", file=sys.stderr)
        return 1
    for title, headers, rows in tables(table):
        print(f"{title}\n")
        timing.show(rows, headers)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(get_args_parser().parse_args()))
