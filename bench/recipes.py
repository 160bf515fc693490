"""The gain from each part of the training pictures: four short trainings of each net, one seed.

All four see the same MNIST pictures in the same order, as many a batch as the recipe has, for the
same number of steps; each adds one part to the one before. Read from them are MNIST's validation
slice, the held-out fonts and pen drawings, how well is_digit tells the held-out pictures that are
no digit from those that are, and, where a file is named, real ink as bench/ink.py takes it.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench import timing
from bench.ink import Ink, auroc
from bench.teacher import TaughtRun, Teacher
from resnet import checkpoint, flags, handwriting, mnist, training
from resnet.calibration import NO_DIGIT
from resnet.model import ResNet18, fastest_device

FULL = training.Recipe()
PARTS = ("printed", "written", "not_digits")
NAMES = ("MNIST only", "+ fonts", "+ generator", "+ refusal")


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser(
        "recipes", __doc__, rounds=2, help="epochs; default: %(default)s"
    )
    flags.add_variants(parser, "--variant")
    parser.add_argument("--seed", type=flags.seed, default=0, help="default: %(default)s")
    parser.add_argument(
        "--ink", type=Path, nargs=2, metavar=("DIGITS", "OTHERS"), help="files of real ink"
    )
    return parser


def recipes(epochs: int) -> dict[str, training.Recipe]:
    """The recipe with the first 0, 1, 2 and 3 of its PARTS."""
    found = {}
    for count, name in enumerate(NAMES):
        shares: dict[str, Any] = {
            part: getattr(FULL, part) if part in PARTS[:count] else 0 for part in PARTS
        }
        size = FULL.mnist + sum(shares.values())
        found[name] = dataclasses.replace(FULL, epochs=epochs, batch_size=size, **shares)
    return found


def trained(
    variant: str,
    recipe: training.Recipe,
    seed: int,
    data: mnist.Mnist,
    extras: handwriting.Extras,
    held_out: handwriting.Extras,
    taught_by: Teacher | None = None,
) -> ResNet18:
    of = (variant, recipe, seed, data.sha256, extras, fastest_device())
    run = TaughtRun(*of, teacher=taught_by) if taught_by else training.Run(*of)
    training.fit(run, data.train, data.validation, held_out.digits, lambda: None, lambda: False)
    net = checkpoint.build(variant)
    net.load_state_dict(run.best)
    return net.eval()


def share(right: int, total: int) -> str:
    return f"{right}/{total} ({right / total:.2%})"


def apart(net: ResNet18, digits: Tensor, others: Tensor) -> float:
    """AUROC of the logsumexp of the logits, uint8 pictures both."""
    scores = [training.logits_of(net, images).logsumexp(1) for images in (digits, others)]
    return auroc(scores[0].tolist(), scores[1].tolist())


def row(net: ResNet18, digits: list[mnist.Split], others: list[Tensor]) -> list[str]:
    shares = [share(training.evaluate(net, split), len(split)) for split in digits]
    pairs = zip(digits[1:], others, strict=True)
    return shares + [f"{apart(net, split.images, none):.4f}" for split, none in pairs]


def as_split(path: Path, is_digit: bool) -> mnist.Split:
    found = Ink.read(path)
    labels = [int(label) if is_digit else NO_DIGIT for label in found.labels]
    levels = (found.pictures[:, 0] * 255).round().to(torch.uint8)
    return mnist.Split(levels, torch.tensor(labels))


def main(args: argparse.Namespace) -> None:
    data = mnist.load()
    extras = handwriting.extras(len(data.train))
    held_out = handwriting.extras(len(data.validation) // 2, held_out=True)
    digits, others = [data.validation, held_out.digits], [held_out.not_digits]
    headers = ["net", "trained on", "MNIST validation", "held-out styles", "AUROC held out"]
    if args.ink:
        digits.append(as_split(args.ink[0], is_digit=True))
        others.append(as_split(args.ink[1], is_digit=False).images)
        headers = [*headers[:4], "real ink", "AUROC held out", "AUROC real ink"]
    rows = []
    for variant in flags.variants(args.variant):
        for name, recipe in recipes(args.rounds).items():
            net = trained(variant, recipe, args.seed, data, extras, held_out)
            rows.append([variant, name, *row(net, digits, others)])
    timing.show(rows, headers)
    of = f"{args.rounds} epochs, seed {args.seed}"
    print(f"\n{of}; {timing.machine(torch.get_num_threads(), 'torch')}")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
