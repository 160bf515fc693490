"""Does a larger digit in the same 32x32 pixels read better? Short trainings of both nets.

MNIST's digits are 20 pixels tall or wide; here all that the nets are shown (MNIST, fonts, pen and
what is no digit) is also scaled into boxes of 22 to 28, lines and all. Variations keep their size
in pixels, and so does the normalisation: batch norm follows the stem. Read are MNIST's validation
slice and the held-out styles, and how well the held-out pictures that are no digit are told apart;
never the test set, for a choice is made on these figures.

Every run is written to results/box.json as soon as it is made; after Ctrl-C the same command goes
on from there. All of them take some 35 minutes on two quiet cores.
"""

import argparse
import contextlib
import functools
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from bench import timing
from bench.recipes import apart, trained
from resnet import checkpoint, flags, handwriting, ink, mnist, training
from resnet.stats import mean_of, p_in_words
from resnet.studies import runs
from resnet.studies.runs import Provenance, SeededRun, StudyError, Table

FILE = runs.RESULTS / "box.json"
BOXES = (20, 22, 24, 26, 28)
SEEDS = 3

Key = tuple[int, int, str]  # box, seed, net


class Score(TypedDict):
    right: int
    total: int


class BoxRun(SeededRun):
    """One net trained and read with digits in boxes of one size, as it is stored."""

    net: str
    box: int  # pixels of a digit's larger side
    validation: Score  # MNIST's
    styles: Score  # held-out fonts and pen
    auroc: float  # held-out digits against held-out pictures that are none
    seconds: float


BoxTable = Table[Provenance, BoxRun]  # results/box.json
SCHEMA: TypeAdapter[BoxTable] = TypeAdapter(BoxTable)


@dataclass(frozen=True)
class Budget:
    """Of each training: the recipe's own batches, but fewer of them."""

    digits: int = 20_000  # of MNIST's training digits
    epochs: int = 2
    extras: int = 8_000  # drawings to choose from, and as many that are no digit
    held_out: int = 2_500
    validation: int = 5_000

    @property
    def recipe(self) -> training.Recipe:
        return training.Recipe(epochs=self.epochs)


QUICK = Budget(digits=200, epochs=1, extras=40, held_out=40, validation=100)


@contextlib.contextmanager
def digits_in(box: int) -> Iterator[None]:
    """Within it all pictures that this process makes have digits in boxes of this size."""
    before = ink.BOX, ink.LINE, ink.ROOM
    ink.BOX, ink.LINE, ink.ROOM = box, ink.LINE * box / ink.BOX, (ink.SIDE - box) / 2
    handwriting.glyphs.cache_clear()
    try:
        yield
    finally:
        ink.BOX, ink.LINE, ink.ROOM = before
        handwriting.glyphs.cache_clear()


@functools.lru_cache(maxsize=1)
def pictures(box: int, budget: Budget) -> tuple[handwriting.Extras, handwriting.Extras]:
    """To train on and held out; made once for the runs of a box that follow each other."""
    with digits_in(box):
        return (
            handwriting.extras(budget.extras),
            handwriting.extras(budget.held_out, held_out=True),
        )


def measured(key: Key, data: mnist.Mnist, budget: Budget) -> BoxRun:
    """One run, as it is stored."""
    box, seed, variant = key
    extras, held_out = pictures(box, budget)
    started = time.perf_counter()
    few = replace(
        data,
        train=data.train.first(budget.digits),
        validation=data.validation.first(budget.validation),
    )
    with digits_in(box):
        net = trained(variant, budget.recipe, seed, few, extras, held_out)
        validation, styles = (
            Score(right=training.evaluate(net, split), total=len(split))
            for split in (few.validation, held_out.digits)
        )
        auroc = apart(net, held_out.digits.images, held_out.not_digits)
    return {
        "seed": seed,
        "net": variant,
        "box": box,
        "validation": validation,
        "styles": styles,
        "auroc": round(auroc, 6),
        "seconds": round(time.perf_counter() - started, 1),
    }


def key_of(run: BoxRun) -> Key:
    return run["box"], run["seed"], run["net"]


def measure(
    boxes: Sequence[int],
    seeds: int,
    data: mnist.Mnist,
    budget: Budget,
    path: Path | None,
    workers: int | None = None,
) -> BoxTable:
    """The whole table, written to the path after each run; what it holds is not made again."""
    recipe = budget.recipe
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
        # Of a few: runs on other styles of writing do not stand in one table.
        "extras_sha256": handwriting.extras(200).sha256,
    }
    number = None if budget is QUICK else seeds
    table = runs.begun(SCHEMA, "python -m bench.box", path, identity, {}, number)
    plan = list(itertools.product(boxes, range(seeds), checkpoint.VARIANTS))
    make = functools.partial(measured, data=data, budget=budget)
    runs.complete(table, plan, key_of, make, path, workers)
    return table


# --- what it shows ---------------------------------------------------------------------------

MEASURES: dict[str, Callable[[BoxRun], float]] = {
    "MNIST validation, %": lambda run: (
        100 * run["validation"]["right"] / run["validation"]["total"]
    ),
    "held-out styles, %": lambda run: 100 * run["styles"]["right"] / run["styles"]["total"],
    "AUROC held out, %": lambda run: 100 * run["auroc"],
}


def tables(table: BoxTable) -> list[runs.Printed]:
    """The means of each box, and what each has over MNIST's own, seed by seed."""
    found = {key_of(run): run for run in table["runs"]}
    means, differences = [], []
    for net in checkpoint.VARIANTS:
        for box in sorted({run["box"] for run in table["runs"]}):
            seeds = sorted(seed for b, seed, n in found if (b, n) == (box, net))
            these = [found[box, seed, net] for seed in seeds]
            if not these:
                continue
            start = [net, f"{box}", f"{len(these)}"]
            means.append([*start, *(in_words(list(map(of, these))) for of in MEASURES.values())])
            pairs = [
                (found[box, seed, net], found[ink.MNIST_BOX, seed, net])
                for seed in seeds
                if (ink.MNIST_BOX, seed, net) in found
            ]
            if box == ink.MNIST_BOX or not pairs:
                continue
            gains = [[of(ours) - of(base) for ours, base in pairs] for of in MEASURES.values()]
            start = [net, f"{box}", f"{len(pairs)}"]
            differences.append([*start, *(in_words(gain, is_gain=True) for gain in gains)])
    headers = ["net", "box", "seeds", *MEASURES]
    return [
        ("Mean over the seeds (95 % interval):", headers, means),
        (
            f"More than in a box of {ink.MNIST_BOX}, in points, seed by seed (95 % interval):",
            headers,
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
    parser = argparse.ArgumentParser(
        prog="python -m bench.box",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_data(parser)
    parser.add_argument(
        "--seeds", type=flags.at_least(1), default=SEEDS, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few pictures: see that it works, keep nothing"
    )
    parser.add_argument(
        "--output", type=Path, default=FILE, metavar="FILE", help="default: results/box.json"
    )
    parser.add_argument("--show", action="store_true", help="print the stored runs only")
    return parser


def main(args: argparse.Namespace) -> int:
    try:
        if args.show:
            table = runs.load(args.output, SCHEMA)
        elif args.quick:
            ends = BOXES[0], BOXES[-1]
            table = measure(ends, 1, mnist.load(args.data), QUICK, path=None, workers=1)
        else:
            table = measure(BOXES, args.seeds, mnist.load(args.data), Budget(), args.output)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on after what was stored last.", file=sys.stderr)
        return 130
    except (mnist.DataError, StudyError, OSError) as error:
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
