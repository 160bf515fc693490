"""The textbook's experiment as it stands there, and made fair: many seeds, equal learning rates.

"Neural Networks and Deep Learning: cases and practice", section 5.4, trains LeNet-5 and ResNet18
with and without shortcuts on 1,000 digits for 80 steps: once each, at unequal rates, and tests on
200 digits. Here every net is trained from many seeds, the two ResNet18 at each of a grid of rates,
and tested on all 10,000 as well. A seed decides the first weights, which differ from net to net,
and the order of the batches, which is the same for all nets and rates. The digits are always the
same, so the intervals are of trainings on these 1,000, not of other choices of digits.

Not the book's: the nets are those of this project (its first weights, no bias before a batch norm,
no idle shortcuts in the plain net), and the 200 validation digits come from its own slice.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet import checkpoint, ink
from resnet.classifier import cut_to_live_taps, fold_batch_norms
from resnet.mnist import Mnist, Split
from resnet.model import ResNet18, fastest_device, placed
from resnet.studies import runs
from resnet.studies.lenet import LeNet5
from resnet.studies.runs import Run, StudyError, Table
from resnet.training import generator

FILE = runs.RESULTS / "textbook.json"


@dataclass(frozen=True)
class Recipe:
    """How every net is trained: plain stochastic gradient descent at one rate."""

    train: int = 1000  # the first so many digits of each split
    validation: int = 200
    test: int = 200
    test_all: int = 10_000
    batch_size: int = 64  # the last batch of an epoch is what is left over
    epochs: int = 5
    judge_every: int = 15  # steps; and after the last one

    @property
    def steps(self) -> int:
        return self.epochs * math.ceil(self.train / self.batch_size)

    def judges_after(self, step: int) -> bool:
        return step % self.judge_every == 0 or step == self.steps


RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SEEDS = 20
# To see in a minute that all works: what these nets read means nothing.
QUICK = Recipe(train=256, test_all=500, epochs=1, judge_every=3)
QUICK_RATES = (0.005, 0.01)


@dataclass(frozen=True)
class Reported:
    """What the book prints of its one run."""

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
Key = tuple[int, str, float]  # a seed and a pair


class Pictures(Split):
    """Digits ready for a net: images (N, 1, 32, 32) float32 in [-1, 1], on the device."""


# --- one run ---------------------------------------------------------------------------------


def build(name: str) -> nn.Module:
    return LeNet5() if name == "LeNet-5" else checkpoint.build(name)


def pictures_of(images: Tensor) -> Tensor:
    """(N, 28, 28) uint8 -> (N, 1, 32, 32), black at -1 and white at 1.

    Stretched to 32x32, in whole grey levels, as the book does; everything else in this project
    lays a margin around the digit instead and scales to the mean and deviation of MNIST.
    """
    stretched = F.interpolate(
        images[:, None].float(), size=(ink.SIDE, ink.SIDE), mode="bilinear", align_corners=False
    )
    return (stretched.round() - 127.5) / 127.5


def slices(data: Mnist, recipe: Recipe) -> dict[str, Pictures]:
    """The digits that the recipe takes, as pictures on the device; `test` begins `test_all`.

    Raises StudyError when there are fewer than that.
    """
    device = fastest_device()
    splits = {
        "train": data.train.first(recipe.train),
        "validation": data.validation.first(recipe.validation),
        "test_all": data.test.first(recipe.test_all),
    }
    for name, split in splits.items():
        wanted = getattr(recipe, name)
        if len(split) < wanted:
            raise StudyError(
                f"The {name} slice has {len(split)} digits in these data; {wanted} are needed."
            )
    return {
        name: Pictures(pictures_of(split.images).to(device), split.labels.to(device))
        for name, split in splits.items()
    }


def trained(
    name: str, rate: float, seed: int, digits: dict[str, Pictures], recipe: Recipe
) -> tuple[nn.Module, Run]:
    """The net with its best weights on validation, and what it took to get there."""
    torch.manual_seed(seed)
    net = placed(build(name), fastest_device())
    course, best = judged_descent(net, rate, seed, digits, recipe)
    net.load_state_dict(best)
    return net.eval(), course


def judged_descent(
    net: nn.Module, rate: float, seed: int, digits: dict[str, Pictures], recipe: Recipe
) -> tuple[Run, dict[str, Tensor]]:
    """Trains the net; its losses and scores, and the best weights, the earliest of equals."""
    validation = digits["validation"]
    losses: list[float | None] = []
    judged: dict[str, list[Any]] = {"step": [], "right": [], "loss": []}
    best: dict[str, Tensor] = {}
    for step, loss in enumerate(descent(net, rate, seed, digits["train"], recipe), 1):
        losses.append(loss)
        if recipe.judges_after(step):
            found = score(logits_of(net, validation.images), validation.labels)
            if found["right"] > max(judged["right"], default=-1):
                best = {key: tensor.clone() for key, tensor in net.state_dict().items()}
            judged["step"].append(step)
            judged["right"].append(found["right"])
            judged["loss"].append(found["loss"])
    return {"loss": losses, "validation": {**judged, "total": len(validation)}}, best


def descent(
    net: nn.Module, rate: float, seed: int, train: Pictures, recipe: Recipe
) -> Iterator[float | None]:
    """The loss of every step, taken when it is asked for: so two nets can be trained in turn."""
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(train), generator=generator(seed, "textbook", epoch))
        for batch in order.to(train.images.device).split(recipe.batch_size):
            net.train()
            loss = F.cross_entropy(net(train.images[batch]), train.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield rounded(loss)


def measured(key: Key, digits: dict[str, Pictures], recipe: Recipe) -> Run:
    """One run, as it is stored."""
    seed, name, rate = key
    started = time.perf_counter()
    net, course = trained(name, rate, seed, digits, recipe)
    if isinstance(net, ResNet18):  # the same answers in half the time
        net = placed(cut_to_live_taps(fold_batch_norms(net)), fastest_device())
    test = digits["test_all"]
    logits = logits_of(net, test.images)
    return {
        "seed": seed,
        "net": name,
        "rate": rate,
        **course,
        "test": score(logits[: recipe.test], test.labels[: recipe.test]),
        "test_all": score(logits, test.labels),
        "seconds": round(time.perf_counter() - started, 1),
    }


@torch.inference_mode()
def logits_of(net: nn.Module, pictures: Tensor) -> Tensor:
    """(N, 1, 32, 32) -> (N, 10), in eval mode."""
    net.eval()
    return torch.cat([net(some) for some in pictures.split(500)])


def score(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """How many of (N, 10) logits are right by (N,) labels, and their mean cross-entropy."""
    right = int((logits.argmax(1) == labels).sum())
    return {"right": right, "total": len(labels), "loss": rounded(F.cross_entropy(logits, labels))}


def rounded(loss: Tensor) -> float | None:
    """None for a loss that is no number, which JSON does not know."""
    value = loss.item()
    return round(value, 4) if math.isfinite(value) else None


# --- all runs --------------------------------------------------------------------------------


def pairs_of(rates: Sequence[float]) -> list[Pair]:
    """What each seed trains: the nets as in the book, and both ResNet18 at every rate."""
    book = [(name, reported.rate) for name, reported in BOOK.items()]
    grid = [(variant, rate) for rate in rates for variant in checkpoint.VARIANTS]
    return list(dict.fromkeys([*book, *grid]))


def repeated(
    seeds: int, rates: Sequence[float], recipe: Recipe, data: Mnist, path: Path | None
) -> Table:
    """All runs, those that the file holds already not made again; see runs.complete.

    Without a path nothing is kept. Raises StudyError when the file is another experiment's.
    """
    table = runs.begun(
        "python -m resnet textbook",
        path,
        identity={"recipe": dataclasses.asdict(recipe), "data_sha256": data.sha256},
        about={"rates": list(rates)},
        seeds=None if recipe == QUICK else seeds,
    )
    plan = [(seed, *pair) for seed in range(1, seeds + 1) for pair in pairs_of(rates)]
    make = functools.partial(measured, digits=slices(data, recipe), recipe=recipe)
    runs.complete(table, plan, key_of, make, path)
    return table


def whole(seeds: int, data: Mnist, path: Path) -> Table:
    """All that is shown, of so many seeds."""
    return repeated(seeds, RATES, Recipe(), data, path)


def quick(data: Mnist, path: Path | None) -> Table:
    """A few steps of one seed: to see that all works."""
    return repeated(1, QUICK_RATES, QUICK, data, path)


def key_of(run: Run) -> Key:
    return run["seed"], run["net"], run["rate"]
