"""Nets that see the pictures twice as finely, for both nets to learn from: a lever that was tried.

A ResNet18 for photographs halves a picture twice before its first unit. These halve it once and are
half as wide; they read better than our nets after fewer epochs. What they know goes into ours by
distillation (Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, arXiv
1503.02531). Teacher and learner see the same picture, varied alike, and the teacher answers anew
each time (Beyer et al.: Knowledge distillation: A good teacher is patient and consistent, arXiv
2106.05237).

This command trains the teacher, two nets side by side, in half an hour on two cores, and writes
them into checkpoints/, from where bench/levers.py takes them.
"""

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench import timing
from resnet import checkpoint, handwriting, ink, mnist, training
from resnet.model import SEEDING, ResNet, conv, fastest_device, placed
from resnet.studies import runs

WIDTH = 32
SEEDS = (1, 2)
# One that is less sure of the rest says more about what a picture also looks like; smoothed labels
# would drown that (Mueller et al., arXiv 1906.02629, section 4).
RECIPE = training.Recipe(epochs=9, label_smoothing=0.0)
SHARE = 0.8  # how much the teacher's answer counts; the label has the rest


class FineNet(ResNet):
    """(N, 1, 32, 32) -> (N, 10), by maps of 16x16, 8x8, 4x4 and 2x2 pixels."""

    def __init__(self) -> None:
        super().__init__(width=WIDTH)
        self.conv1 = conv(1, WIDTH, 3)
        nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")


class FineRun(training.Run):
    """The training of a fine net."""

    def build(self) -> FineNet:
        with SEEDING:
            return FineNet()


class Teacher:
    """Some fine nets that answer together."""

    def __init__(self, nets: Sequence[FineNet]) -> None:
        device = fastest_device()
        self.nets = [placed(net, device).eval().requires_grad_(False) for net in nets]

    @torch.no_grad()
    def probabilities(self, inputs: Tensor) -> Tensor:
        """(N, 1, 32, 32), normalised -> (N, 11): of the ten digits, and of none."""
        return torch.stack([with_none(net(inputs).float()).softmax(1) for net in self.nets]).mean(0)


def with_none(logits: Tensor) -> Tensor:
    """(N, 10) -> (N, 11): the class "no digit" has the logit 0, see training.loss_of."""
    return torch.cat([logits, logits.new_zeros(len(logits), 1)], 1)


class TaughtRun(training.Run):
    """The training of a net that learns from a teacher, too."""

    def __init__(self, *of: Any, teacher: Teacher) -> None:
        super().__init__(*of)
        self.teacher = teacher

    def loss(self, pictures: Tensor, labels: Tensor) -> Tensor:
        inputs = ink.normalise(pictures)
        with training.products(self.device, self.recipe.is_bfloat16):
            taught = self.teacher.probabilities(inputs)
            logits = self.net(inputs).float()
        told = training.loss_of(logits, labels, self.recipe.label_smoothing)
        return (1 - SHARE) * told + SHARE * F.cross_entropy(with_none(logits), taught)


def path_of(seed: int, folder: Path) -> Path:
    return folder / f"teacher-{seed}.safetensors"


def load(folder: Path) -> Teacher | None:
    """The teacher of a folder, None where it has none. Raises CheckpointError."""
    paths = [path_of(seed, folder) for seed in SEEDS]
    if not all(path.exists() for path in paths):
        return None
    nets = []
    for path in paths:
        tensors, _ = checkpoint.read(path)
        net = FineNet()
        net.load_state_dict(tensors)
        nets.append(net)
    return Teacher(nets)


def train(seed: int, data: mnist.Mnist, folder: Path, recipe: training.Recipe = RECIPE) -> str:
    """One net of the teacher; what became of it."""
    extras = handwriting.extras(len(data.train))
    held_out = handwriting.extras(len(data.validation) // 2, held_out=True)
    run = FineRun("fine", recipe, seed, data.sha256, extras, fastest_device())
    training.fit(run, data.train, data.validation, held_out.digits, lambda: None, lambda: False)
    path = path_of(seed, folder)
    checkpoint.write(path, run.best, run.identity)
    best = next(e for e in run.history["epochs"] if e["step"] == run.best_step)
    return (
        f"{path.name}: {best['right']}/{best['total']} on validation, "
        f"{best['styles_right']}/{best['styles_total']} on styles held out"
    )


def get_args_parser() -> argparse.ArgumentParser:
    return timing.bare_parser("teacher", __doc__)


def main(args: argparse.Namespace) -> None:
    make = functools.partial(train, data=mnist.load(), folder=checkpoint.FOLDER)
    print(*runs.made(SEEDS, make), sep="\n")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
