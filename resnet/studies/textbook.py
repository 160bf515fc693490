"""The textbook's experiment as it stands there, and made fair: many seeds, equal learning rates.

"Neural Networks and Deep Learning: cases and practice", section 5.4, trains LeNet-5 and ResNet18
with and without shortcuts on 1,000 digits for 80 steps: once each, at unequal rates, and tests on
200 digits. Here every net is trained from many seeds, the two ResNet18 from each of three kinds of
first weights at each of a grid of rates, and tested on all 10,000 as well. A seed decides the first
weights, which differ from net to net, and the order of the batches, which is the same for all. The
digits are always the same, so the intervals are of trainings on these 1,000, not of other choices
of digits.

Not the book's: the nets are those of this project (no bias before a batch norm, no idle shortcuts
in the plain net), LeNet-5 has first weights of its own, and the 200 validation digits come from
this project's slice.
"""

import dataclasses
import functools
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import TypeAdapter
from torch import nn

from resnet import checkpoint
from resnet.classifier import ready
from resnet.mnist import Mnist
from resnet.model import SEEDING, ResNet18, fastest_device, placed
from resnet.studies import runs
from resnet.studies.first_weights import FIRSTS, First, begin
from resnet.studies.lenet import LeNet5
from resnet.studies.runs import Provenance, Table
from resnet.studies.short_training import (
    Descent,
    Pictures,
    ShortRecipe,
    ShortRun,
    Tally,
    judged_descent,
    logits_in_batches,
    slices,
    tally,
)

FILE = runs.RESULTS / "textbook.json"
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SEEDS = 20
# To see in a minute that all works: what these nets read means nothing.
QUICK = ShortRecipe(train=128, validation=50, test_all=200, epochs=1, judge_every=1)
QUICK_RATES = (0.005, 0.01)


@dataclass(frozen=True)
class Reported:
    """The figures that the book prints of its one run."""

    rate: float
    validation: tuple[float, ...]  # accuracy after each of BOOK_STEPS
    accuracy: float  # on its 200 test digits
    loss: float


BOOK_STEPS = (15, 30, 45, 60, 75, 80)
BOOK = {
    "LeNet-5": Reported(0.1, (0.380, 0.635, 0.720, 0.750, 0.875, 0.755), 0.87, 0.4423),
    "plain": Reported(0.005, (0.185, 0.590, 0.720, 0.770, 0.810, 0.790), 0.81, 0.5841),
    "residual": Reported(0.01, (0.535, 0.815, 0.870, 0.860, 0.870, 0.865), 0.88, 0.3523),
}

BOOK_OPERATIONS = 35_529_728  # of its residual net, as its framework counts them

Pair = tuple[str, float]  # a net and its learning rate
Key = tuple[int, First | None, str, float]  # a seed, the first weights, and a pair


class TextbookRun(ShortRun):
    """One net at one rate from one seed, as it is stored."""

    first: First | None  # None for LeNet-5, which begins in one way only
    test: Tally  # of the book's few test digits


TextbookTable = Table[Provenance, TextbookRun]  # results/textbook.json
SCHEMA: TypeAdapter[TextbookTable] = TypeAdapter(TextbookTable)


def load(path: Path | None = None) -> TextbookTable | None:
    """The stored runs of results/textbook.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


# --- one run ---------------------------------------------------------------------------------


def build(name: str, first: First | None, seed: int) -> nn.Module:
    """A net as it begins from a seed."""
    with SEEDING:
        torch.manual_seed(seed)
        if first is None:
            return LeNet5()
        net = checkpoint.build(name)
        begin(net, first)
        return net


def trained(
    key: Key, digits: dict[str, Pictures], recipe: ShortRecipe
) -> tuple[nn.Module, Descent]:
    """The net with its best weights on validation, and what it took to get there."""
    seed, first, name, rate = key
    net = placed(build(name, first, seed), fastest_device())
    course, best = judged_descent(net, rate, seed, digits, recipe)
    net.load_state_dict(best)
    return net.eval(), course


def measured(key: Key, digits: dict[str, Pictures], recipe: ShortRecipe) -> TextbookRun:
    """One run, as it is stored."""
    seed, first, name, rate = key
    started = time.process_time()  # of one core, however busy the machine is
    net, course = trained(key, digits, recipe)
    if isinstance(net, ResNet18):  # the same answers in half the time
        net = ready(net, fastest_device())
    test = digits["test_all"]
    logits = logits_in_batches(net, test.images)
    return {
        "seed": seed,
        "first": first,
        "net": name,
        "rate": rate,
        **course,
        "test": tally(logits[: recipe.test], test.labels[: recipe.test]),
        "test_all": tally(logits, test.labels),
        "seconds": round(time.process_time() - started, 1),
    }


# --- all runs --------------------------------------------------------------------------------


def pairs_of(rates: Sequence[float]) -> list[Pair]:
    """The nets that each seed trains: as in the book, and both ResNet18 at every rate."""
    book = [(name, reported.rate) for name, reported in BOOK.items()]
    grid = [(variant, rate) for rate in rates for variant in checkpoint.VARIANTS]
    return list(dict.fromkeys([*book, *grid]))


def key_for(seed: int, first: First, pair: Pair) -> Key:
    """The key of a pair's run; LeNet-5's is the same for all first weights."""
    name, rate = pair
    return seed, first if name in checkpoint.VARIANTS else None, name, rate


def plan_of(seeds: int, rates: Sequence[float]) -> list[Key]:
    """All runs in the order in which they are made: one kind of first weights after the other."""
    each = itertools.product(FIRSTS, range(1, seeds + 1), pairs_of(rates))
    return list(dict.fromkeys(key_for(seed, first, pair) for first, seed, pair in each))


def repeated(
    seeds: int, rates: Sequence[float], recipe: ShortRecipe, data: Mnist, path: Path | None
) -> TextbookTable:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another experiment's.
    """
    table = runs.begun(
        SCHEMA,
        "python -m resnet textbook",
        path,
        identity={"recipe": dataclasses.asdict(recipe), "data_sha256": data.sha256},
        about={"rates": list(rates)},
        seeds=None if recipe == QUICK else seeds,
    )
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan_of(seeds, rates), key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> TextbookTable:
    """All that is shown, of so many seeds."""
    return repeated(seeds, RATES, ShortRecipe(), data, path)


def quick(data: Mnist, path: Path | None) -> TextbookTable:
    """A few steps of one seed: to see that all works."""
    return repeated(1, QUICK_RATES, QUICK, data, path)


def key_of(run: TextbookRun) -> Key:
    return run["seed"], run["first"], run["net"], run["rate"]
