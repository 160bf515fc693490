"""How well both nets read numbers of two to four digits, drawn in one go.

The numbers are composed of digits that are drawn one by one: those of the given files (see
bench.ink), or by a random hand where there is none; each of another size, a little higher or lower,
at a random distance from the one before. Where that is less than nothing, the boxes around both
overlap. Read is a number whose digits are all named, in order; what is refused gets no number, as
any drawing that is no digit; the rest is wrong, some of it taken for one digit. The numbers are
told apart by the least distance in them, in heights of a digit.

Then what became of drawings that are no number: digits, and with --others signs and letters. For
them no answer changes but that a number may stand where the drawing was refused.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from bench import timing
from bench.ink import Ink
from resnet import checkpoint, flags, pen, several
from resnet.classifier import Answer, Classifier
from resnet.samples import Stroke
from resnet.several import Drawing
from resnet.stats import wilson_interval

LENGTHS = (2, 3, 4)  # digits
SIZES = (0.75, 1.25)  # of a digit, times the usual one
RISE = 0.15  # heights that a digit stands higher or lower, at most
DISTANCES = (-0.1, 0.6)  # heights from one digit's box to the next
CLOSE = 0.1  # less than this is close
SINGLES = 5000  # drawings of a random hand that are no number


@dataclass(frozen=True)
class Number:
    digits: str
    strokes: list[Stroke]
    distance: float  # the least, in heights

    @property
    def band(self) -> str:
        if self.distance < 0:
            return "boxes overlap"
        return f"less than {CLOSE} apart" if self.distance < CLOSE else f"{CLOSE} or more apart"


@dataclass(frozen=True)
class Source:
    """Digits to compose numbers of."""

    name: str
    strokes: list[list[Stroke]]
    labels: list[str]

    @staticmethod
    def read(path: Path) -> "Source":
        ink = Ink.read(path)
        return Source(path.name.split(".")[0], ink.strokes, ink.labels)

    @staticmethod
    def by_hand(random: np.random.Generator, count: int = SINGLES) -> "Source":
        labels = [number % 10 for number in range(count)]
        return Source("random hand", [pen.digit(k, random) for k in labels], [*map(str, labels)])


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("several", __doc__)
    parser.add_argument("files", type=Path, nargs="*", help="files of digits")
    parser.add_argument("--others", type=Path, help="a file of drawings that are no digit")
    parser.add_argument(
        "--numbers", type=flags.at_least(1), default=500, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--seed", type=flags.seed, default=0, help="default: %(default)s")
    flags.add_checkpoints(parser)
    return parser


def composed(source: Source, random: np.random.Generator) -> Number:
    """A number of the source's digits."""
    chosen = random.integers(len(source.strokes), size=random.choice(LENGTHS))
    strokes: list[Stroke] = []
    distances = []
    right = 0.0
    for place, index in enumerate(chosen.tolist()):
        lines = [np.array(line, float).reshape(-1, 2) for line in source.strokes[index] if line]
        low, high = several.box_of(lines)
        scale = random.uniform(*SIZES) / max(*(high - low), 1e-9)
        distance = random.uniform(*DISTANCES)
        if place > 0:
            distances.append(distance)
            right += distance
        # The middle of its box as high as the others', or a little above or below.
        move = np.array([right, random.uniform(-RISE, RISE)])
        start = np.array([low[0], (low[1] + high[1]) / 2])
        strokes += [(1000 * ((line - start) * scale + move)).tolist() for line in lines]
        right += (high[0] - low[0]) * scale
    return Number("".join(source.labels[i] for i in chosen), strokes, min(distances))


def score(numbers: Sequence[Number], answers: Sequence[Answer]) -> list[str]:
    """How many are read, refused and wrong, with intervals."""
    total = len(numbers)
    read = sum(
        answer.number == number.digits for number, answer in zip(numbers, answers, strict=True)
    )
    refused = sum(answer.digit is None and not answer.number for answer in answers)
    as_one = sum(answer.digit is not None for answer in answers)
    counts = (read, refused, total - read - refused)
    return [*(counted(count, total) for count in counts), f"{as_one}"]


def counted(count: int, total: int) -> str:
    if not total:
        return ""
    low, high = wilson_interval(count, total)
    return f"{count}/{total}, {count / total:.1%} ({low:.1%} - {high:.1%})"


def numbers_of(
    source: Source, classifiers: dict[str, Classifier], count: int, random: np.random.Generator
) -> list[list[str]]:
    """Rows of the first table."""
    numbers = [composed(source, random) for _ in range(count)]
    drawings = [several.from_strokes(number.strokes) for number in numbers]
    rows = []
    for net, classifier in classifiers.items():
        answers = classifier.read(drawings)
        rows.append([source.name, net, "all", *score(numbers, answers)])
        for band in sorted({number.band for number in numbers}):
            these = [i for i, number in enumerate(numbers) if number.band == band]
            parts = score([numbers[i] for i in these], [answers[i] for i in these])
            rows.append([source.name, net, band, *parts])
    return rows


def singles_of(
    name: str, strokes: Sequence[Any], labels: Sequence[str], classifiers: dict[str, Classifier]
) -> list[list[str]]:
    """Rows of the second table."""
    drawings = [
        several.from_strokes(one) for one in tqdm(strokes, desc=name, leave=False, mininterval=1)
    ]
    rows = []
    for net, classifier in classifiers.items():
        before = [a for batch in batches(drawings) for a in whole(classifier, batch)]
        after = [a for batch in batches(drawings) for a in classifier.read(batch)]
        rows.append(
            [
                name,
                net,
                *(
                    f"{sum(str(a.digit) == k for a, k in zip(answers, labels, strict=True))}"
                    for answers in (before, after)
                ),
                *(
                    f"{sum(a.digit is None and not a.number for a in answers)}/{len(answers)}"
                    for answers in (before, after)
                ),
                f"{sum(bool(a.number) for a in after)}",
            ]
        )
    return rows


def whole(classifier: Classifier, drawings: Sequence[Drawing]) -> list[Answer]:
    """The answers where no drawing is a number."""
    return classifier.answer(torch.stack([drawing.whole for drawing in drawings]))


def batches(drawings: Sequence[Drawing], size: int = 500) -> Iterator[Sequence[Drawing]]:
    for start in range(0, len(drawings), size):
        yield drawings[start : start + size]


def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    classifiers = {net: Classifier.load(net, args.checkpoints) for net in checkpoint.VARIANTS}
    random = np.random.default_rng(args.seed)
    sources = [Source.read(path) for path in args.files] or [Source.by_hand(random)]
    rows = [
        row for source in sources for row in numbers_of(source, classifiers, args.numbers, random)
    ]
    timing.show(rows, ["digits of", "net", "distance", "read", "refused", "wrong", "as one digit"])
    singles = [(source.name, source.strokes, source.labels) for source in sources]
    if args.others:
        others = Ink.read(args.others)
        for tier in dict.fromkeys(others.tiers):
            these = [i for i, of in enumerate(others.tiers) if of == tier]
            singles.append((tier, [others.strokes[i] for i in these], ["none"] * len(these)))
    elif not args.files:
        signs = [pen.symbol(random) for _ in range(SINGLES)]
        singles.append(("signs of the random hand", signs, ["none"] * SINGLES))
    headers = ["drawings", "net", "right before", "right now", "refused before", "refused now"]
    rows = [row for one in singles for row in singles_of(*one, classifiers)]
    timing.show(rows, [*headers, "numbers"])


if __name__ == "__main__":
    main(get_args_parser().parse_args())
