"""How many of people's own drawings both nets still read with one unit out.

The drawings are JSON Lines, gzipped or not, {"label": "7", "strokes": [[[x, y], ...], ...]} a
line. Counted by the likeliest digit: the threshold of "is it a digit" was fitted on whole nets.
"""

import argparse
from pathlib import Path

import torch

from bench import timing
from bench.ink import Ink
from resnet import checkpoint, flags
from resnet.classifier import ready
from resnet.model import fastest_device
from resnet.stats import wilson_interval
from resnet.studies.lesion import right_under, ways_to_be_out
from resnet.surgery import INTACT, UNITS


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("lesion", __doc__)
    parser.add_argument("drawings", type=Path)
    flags.add_checkpoints(parser)
    return parser


def main(args: argparse.Namespace) -> None:
    drawings = Ink.read(args.drawings)
    labels = torch.tensor([int(label) for label in drawings.labels])
    columns = {}
    for variant in checkpoint.VARIANTS:
        net, _ = checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        out = ways_to_be_out(net.units(), most=1)
        fast = ready(net, fastest_device())
        right = right_under(fast, drawings.pictures, labels, [INTACT, *out.values()])
        columns[variant] = {"none": right[INTACT]} | {n: right[how] for n, how in out.items()}

    def share(right: int | None) -> str:
        if right is None:
            return "cannot be out"
        low, high = wilson_interval(right, len(labels))
        return f"{right / len(labels):.1%} ({low:.1%} - {high:.1%})"

    rows = [
        [name, *(share(column.get(name)) for column in columns.values())]
        for name in ("none", *map(str, range(1, UNITS + 1)))
    ]
    timing.show(rows, ["unit out", *(f"{v}, right of {len(labels)}" for v in columns)])


if __name__ == "__main__":
    main(get_args_parser().parse_args())
