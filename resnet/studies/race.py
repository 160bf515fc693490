"""The fair race: a net with shortcuts and one without, trained step by step in turn.

Both are narrow, equally deep, learn at one rate and see the same batches, by the recipe of the
stored runs, so that a race can be laid over their curves. They differ in their shortcuts and in
their first weights: both draw these from one seed, but the projections draw in between.

`python -m resnet.studies.race --depth 18 --seed 7` is a race: a line of JSON for each net after
each validation. The page starts it as a process of its own (resnet/studies/race_queue.py).
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from typing_extensions import TypedDict

from resnet import flags, mnist
from resnet.checkpoint import VARIANTS
from resnet.studies import depth as depth_study
from resnet.studies.depth import build
from resnet.studies.runs import StudyError
from resnet.studies.short_training import (
    ShortRecipe,
    Tally,
    descent,
    logits_in_batches,
    slices,
    tally,
)

DEPTHS = tuple(depth for depth in depth_study.DEPTHS if depth <= 66)  # deeper ones take too long
USUAL_DEPTH = 34  # where the stored runs part furthest while both nets still learn
RECIPE = replace(depth_study.RECIPE, test_all=0)  # a race never sees a test digit
QUICK = replace(RECIPE, train=256, epochs=1, judge_every=3)
NO_DIGITS = "There is no race: MNIST is missing or damaged on this server."


@final
class Point(Tally):
    """One validation of one net."""

    net: str
    step: int


@final
class Fault(TypedDict):
    """There is no race; a sentence for the visitor says why."""

    fault: str


@dataclass(frozen=True)
class Wish:
    """The choices of one race."""

    depth: int  # layers, one of DEPTHS
    has_norm: bool
    rate: float
    seed: int


def course(wish: Wish, data: mnist.Mnist, recipe: ShortRecipe = RECIPE) -> Iterator[Point]:
    """Trains both nets, step by step in turn: a point for each after each validation."""
    digits = slices(data, recipe)
    train, validation = digits["train"], digits["validation"]
    nets = {}
    for variant in VARIANTS:
        nets[variant] = build(variant, wish.depth, wish.has_norm, wish.seed)
    trainings = [descent(net, wish.rate, wish.seed, train, recipe) for net in nets.values()]
    for step, _ in enumerate(zip(*trainings, strict=True), 1):
        if recipe.judges_after(step):
            for variant, net in nets.items():
                found = tally(logits_in_batches(net, validation.images), validation.labels)
                yield {"net": variant, "step": step, **found}


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resnet.studies.race", description="A race.")
    parser.add_argument("--depth", type=int, choices=DEPTHS, default=USUAL_DEPTH)
    parser.add_argument("--no-norm", action="store_true")
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--seed", type=flags.seed, default=0)
    flags.add_data(parser)
    parser.add_argument("--quick", action="store_true", help="a few steps: to see that all works")
    return parser


def main(args: argparse.Namespace) -> int:
    os.nice(19)  # whoever draws comes first
    torch.set_num_threads(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ends with the server, if that is killed
    wish = Wish(args.depth, not args.no_norm, args.rate, args.seed)
    recipe = QUICK if args.quick else RECIPE
    try:
        for point in course(wish, mnist.load(args.data), recipe):
            print(json.dumps(point), flush=True)
    except (mnist.DataError, StudyError) as error:
        print(error, file=sys.stderr)
        print(json.dumps(Fault(fault=NO_DIGITS)), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(get_args_parser().parse_args()))
