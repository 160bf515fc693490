"""The short training that the studies and the race share: a thousand digits, plain SGD, one rate.

It is the textbook's ("Neural Networks and Deep Learning: cases and practice", section 5.4), down to
its pictures and the size of its batches.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import TypedDict

from resnet import ink
from resnet.mnist import Mnist, Split
from resnet.model import fastest_device
from resnet.studies.runs import StudyError, TimedRun
from resnet.training import generator


@dataclass(frozen=True)
class ShortRecipe:
    """How many digits, steps and judgements; all that a run chooses besides is rate and seed."""

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


@dataclass(frozen=True)
class Aid:
    """What helps a training that does not get going; by default nothing."""

    clip: float | None = None  # the gradient's norm over all weights, at most
    warm_up: int = 0  # steps over which the rate climbs from 0 in a straight line


class Tally(TypedDict):
    """How a net does on some digits."""

    right: int
    total: int
    loss: float | None  # None where it is no finite number


class Validation(TypedDict):
    """How a net does on the way, a value for each judgement."""

    step: list[int]  # steps done
    right: list[int]
    loss: list[float | None]
    total: int


class Descent(TypedDict):
    """How a training goes."""

    loss: list[float | None]  # of each step; None where it is no finite number
    validation: Validation


class ShortRun(TimedRun, Descent):
    """The part that the stored runs of all studies share."""

    net: str
    rate: float
    test_all: Tally


class Pictures(Split):
    """Digits ready for a net: images (N, 1, 32, 32) float32 in [-1, 1], on the device."""


def pictures_of(images: Tensor) -> Tensor:
    """(N, 28, 28) uint8 -> (N, 1, 32, 32), black at -1 and white at 1.

    Stretched to 32x32, in whole grey levels, as the book does; everything else in this project
    lays a margin around the digit instead and scales to the mean and deviation of MNIST.
    """
    stretched = F.interpolate(
        images[:, None].float(), size=(ink.SIDE, ink.SIDE), mode="bilinear", align_corners=False
    )
    return (stretched.round() - 127.5) / 127.5


def slices(data: Mnist, recipe: ShortRecipe) -> dict[str, Pictures]:
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


def judged_descent(
    net: nn.Module,
    rate: float,
    seed: int,
    digits: dict[str, Pictures],
    recipe: ShortRecipe,
    aid: Aid = Aid(),
) -> tuple[Descent, dict[str, Tensor]]:
    """Train the net: its losses and its scores on validation, and its best weights there.

    Of equally good weights the earliest are kept.
    """
    validation = digits["validation"]
    losses: list[float | None] = []
    judged: Validation = {"step": [], "right": [], "loss": [], "total": len(validation)}
    best: dict[str, Tensor] = {}
    for step, loss in enumerate(descent(net, rate, seed, digits["train"], recipe, aid), 1):
        losses.append(loss)
        if recipe.judges_after(step):
            found = tally(logits_in_batches(net, validation.images), validation.labels)
            if found["right"] > max(judged["right"], default=-1):
                best = {key: tensor.clone() for key, tensor in net.state_dict().items()}
            judged["step"].append(step)
            judged["right"].append(found["right"])
            judged["loss"].append(found["loss"])
    return {"loss": losses, "validation": judged}, best


def descent(
    net: nn.Module,
    rate: float,
    seed: int,
    train: Pictures,
    recipe: ShortRecipe,
    aid: Aid = Aid(),
) -> Iterator[float | None]:
    """Train step by step, one each time the next loss is asked for: two nets can take turns.

    A loss is None where it is no finite number.
    """
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    step = 0
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(train), generator=generator(seed, "textbook", epoch))
        for batch in order.to(train.images.device).split(recipe.batch_size):
            net.train()
            loss = F.cross_entropy(net(train.images[batch]), train.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            step += 1
            if step <= aid.warm_up:
                optimizer.param_groups[0]["lr"] = rate * step / aid.warm_up
            if aid.clip is not None:
                torch.nn.utils.clip_grad_norm_(net.parameters(), aid.clip)
            optimizer.step()
            yield finite(loss)


@torch.inference_mode()
def logits_in_batches(net: nn.Module, pictures: Tensor) -> Tensor:
    """(N, 1, 32, 32) -> (N, 10), in eval mode."""
    net.eval()
    return torch.cat([net(some) for some in pictures.split(500)])


def tally(logits: Tensor, labels: Tensor) -> Tally:
    """How many of (N, 10) logits are right by (N,) labels, and their mean cross-entropy."""
    right = int((logits.argmax(1) == labels).sum())
    return {"right": right, "total": len(labels), "loss": finite(F.cross_entropy(logits, labels))}


def finite(loss: Tensor) -> float | None:
    """Four decimals; None for a loss that is no finite number, which JSON cannot hold."""
    value = loss.item()
    return round(value, 4) if math.isfinite(value) else None
