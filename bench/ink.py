"""How well both nets read ink that people drew, and whether they refuse what is no digit.

The drawings are JSON Lines, gzipped or not, {"label": "7", "strokes": [[[x, y], ...], ...]} a
line; those that are no digit may name a "tier", and are counted by it. Images are an .npz file with
x (N, height, width) uint8 and y (N,). Digits that a net refuses count as wrong. With --images every
drawn digit is also drawn as an image of random size, line width, polarity and place, and sent to
the page's /predict.

"Named" counts the digits that are among the one or two that the page names ("Looks like 7, maybe
1"), "wrong above .99" the wrong answers that are given with more certainty than that. --mnist
measures the same on MNIST's test digits. Letters that some people's digits look like are those of
the handwriting fonts that are held out; a net that answers to a B with 8 does what it should.

--narrow measures the narrow nets of 18, 34 and 66 layers in place of the shipped pair.
"""

import argparse
import gzip
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradio_client import Client, handle_file
from PIL import Image, ImageDraw
from scipy.stats import mannwhitneyu
from torch import Tensor
from tqdm import tqdm

from bench import timing
from bench.live import serving
from resnet import checkpoint, flags, handwriting, ink, mnist, narrow
from resnet.calibration import expected_calibration_error
from resnet.classifier import Answer, Classifier
from resnet.stats import wilson_interval

SURE = 0.99
LETTERS = "BSZOlI"


@dataclass(frozen=True)
class Ink:
    """Drawings and what they are."""

    pictures: Tensor  # (N, 1, 32, 32)
    strokes: list[Any]
    labels: list[str]
    tiers: list[str]

    @staticmethod
    def read(path: Path) -> "Ink":
        if path.suffix == ".npz":
            with np.load(path) as images:
                pictures = [ink.from_image(as_png(Image.fromarray(image))) for image in images["x"]]
                labels = [str(label) for label in images["y"]]
            return Ink(torch.stack(pictures), [], labels, [])
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            rows = [json.loads(line) for line in lines]
        return Ink(
            torch.stack([ink.from_strokes(row["strokes"]) for row in rows]),
            [row["strokes"] for row in rows],
            [str(row["label"]) for row in rows],
            [row.get("tier", "others") for row in rows],
        )


def as_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("ink", __doc__)
    parser.add_argument("digits", type=Path, nargs="*", help="files of digits, each reported apart")
    parser.add_argument("--others", type=Path, help="a file of drawings that are no digit")
    parser.add_argument("--images", action="store_true", help="send the digits as images, too")
    parser.add_argument("--mnist", action="store_true", help="and MNIST's test digits")
    parser.add_argument(
        "--narrow", action="store_true", help="the narrow nets of 18, 34 and 66 layers instead"
    )
    parser.add_argument(
        "--seed", type=flags.seed, default=0, help="of the images; default: %(default)s"
    )
    flags.add_checkpoints(parser)
    return parser


def row_of(of: str, net: str, answers: list[Answer], labels: list[str]) -> list[str]:
    """A row of the first table."""
    pairs = [(answer, int(label)) for answer, label in zip(answers, labels, strict=True)]
    right = sum(answer.digit == label for answer, label in pairs)
    answered = sum(answer.digit is not None for answer in answers)
    low, high = wilson_interval(right, len(labels))
    named = sum(label in answer.named() for answer, label in pairs)
    chances = [(answer.probabilities, label) for answer, label in pairs if answer.probabilities]
    wrong = [
        max(answer.probabilities)
        for answer, label in pairs
        if answer.probabilities and answer.digit not in (None, label)
    ]
    error = expected_calibration_error(
        torch.tensor([chance for chance, _ in chances]), torch.tensor([k for _, k in chances])
    )
    return [
        of,
        net,
        f"{right}/{len(labels)}",
        f"{right / len(labels):.2%}",
        f"{low:.2%} - {high:.2%}",
        f"{answered / len(labels):.2%}",
        f"{error:.2%}",
        f"{named / len(labels):.2%}",
        f"{sum(chance > SURE for chance in wrong)}/{len(wrong)}",
    ]


def letters_of(net: str, classifier: Classifier) -> list[str]:
    """A row of the table on letters that look like digits: how many it answers, and mostly what."""
    row = [net]
    pictures = handwriting.glyphs(held_out=True).pictures
    for letter in LETTERS:
        these = pictures[:, handwriting.CHARACTERS.index(letter)]
        these = these[these.flatten(1).amax(1) > 0]  # a font may lack it
        said = [answer.digit for answer in classifier.answer(ink.frame(these))]
        answered = Counter(digit for digit in said if digit is not None)
        mostly = max(answered, key=answered.__getitem__, default="none")
        row.append(f"{answered.total()}/{len(said)} ({mostly})")
    return row


def labels_of(net: str, answers: list[Answer], labels: list[str]) -> list[str]:
    """A row of the table by label: the share that is read right."""
    total = Counter(labels)
    right = Counter(
        label for a, label in zip(answers, labels, strict=True) if str(a.digit) == label
    )
    return [net, *(f"{right[k] / total[k]:.1%}" if total[k] else "" for k in map(str, range(10)))]


def auroc(digits: Sequence[float], others: Sequence[float]) -> float:
    """How often a digit scores higher than a drawing that is none."""
    return float(mannwhitneyu(digits, others).statistic) / len(digits) / len(others)


def tiers_of(
    net: str, digits: list[Answer], others: list[Answer], tiers: list[str]
) -> list[list[str]]:
    """Rows of the table on what is no digit."""
    rows = []
    for tier in dict.fromkeys(tiers):
        these = [answer for answer, of in zip(others, tiers, strict=True) if of == tier]
        refused = sum(answer.digit is None for answer in these)
        apart = auroc([a.is_digit for a in digits], [a.is_digit for a in these])
        rows.append(
            [net, tier, f"{apart:.4f}", f"{refused}/{len(these)}", f"{refused / len(these):.1%}"]
        )
    return rows


def drawn(strokes: Any, random: np.random.Generator) -> Image.Image:
    """An image of the drawing: any size, width of the lines, polarity and place."""
    lines = ink.checked(strokes)
    middle, extent = ink.span(lines)
    height = random.integers(30, 400)
    width = max(1.5, height * random.uniform(0.04, 0.16))
    sides = [round((height + width) * random.uniform(1.1, 3.0)) for _ in range(2)]
    room = [(side - height - width) / 2 for side in sides]
    place = [side / 2 + random.uniform(-r, r) for side, r in zip(sides, room, strict=True)]
    scale = 4  # drawn large and scaled down, for smooth edges
    canvas = Image.new("L", (sides[0] * scale, sides[1] * scale), 0)
    pen = ImageDraw.Draw(canvas)
    radius = width * scale / 2
    for line in lines:
        at = ((line - middle) * (height / max(extent, 1e-9)) + place) * scale
        points = [tuple(point) for point in at.tolist()]
        pen.line(points, fill=255, width=round(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    ink_on_black = canvas.resize((sides[0], sides[1]), Image.Resampling.BOX)
    if random.random() < 0.5:
        return ink_on_black
    return Image.eval(ink_on_black, lambda level: 255 - level)


def predicted(
    checkpoints: Path, digits: Ink, random: np.random.Generator
) -> dict[str, list[Answer]]:
    """The answers of /predict to an image of every digit."""
    answers: dict[str, list[Answer]] = {net: [] for net in checkpoint.VARIANTS}
    with serving(checkpoints) as address, tempfile.TemporaryDirectory() as folder:
        client = Client(address, verbose=False)
        file = Path(folder) / "digit.png"
        for strokes in tqdm(digits.strokes, desc="images", unit="image"):
            drawn(strokes, random).save(file)
            for net, answer in client.predict(handle_file(file), api_name="/predict").items():
                answers[net].append(Answer(**answer))
    return answers


def loaded(args: argparse.Namespace) -> dict[str, Classifier]:
    if not args.narrow:
        return {net: Classifier.load(net, args.checkpoints) for net in checkpoint.VARIANTS}
    folder = args.checkpoints / narrow.FOLDER.name
    return {
        f"{variant}, {depth} layers": Classifier(*narrow.load(variant, depth, folder))
        for variant, depth in narrow.NETS
    }


def main(args: argparse.Namespace) -> None:
    if args.narrow and args.images:
        sys.exit("The page's /predict knows the shipped pair only: --narrow or --images.")
    torch.set_num_threads(1)
    classifiers = loaded(args)
    scores, by_label = [], []
    answers: dict[str, list[Answer]] = {}
    for path in args.digits:
        digits = Ink.read(path)
        ways = {
            path.name.split(".")[0]: {n: c.answer(digits.pictures) for n, c in classifiers.items()}
        }
        answers = answers or next(iter(ways.values()))
        if args.images and digits.strokes:
            random = np.random.default_rng(args.seed)
            ways["  as images, /predict"] = predicted(args.checkpoints, digits, random)
        for of, found in ways.items():
            scores += [row_of(of, net, said, digits.labels) for net, said in found.items()]
        for net, said in next(iter(ways.values())).items():
            by_label.append(labels_of(net, said, digits.labels))
    if args.mnist:
        test = mnist.load().test
        for net, classifier in classifiers.items():
            said = classifier.answer(ink.frame(test.images))
            scores.append(row_of("MNIST test", net, said, list(map(str, test.labels.tolist()))))
    headers = ["drawings", "net", "right", "accuracy", "95 % interval", "answered", "ECE"]
    headers += ["named", "wrong above .99"]
    timing.show(scores, headers)
    if by_label:
        timing.show(by_label, ["right by label", *map(str, range(10))])
    if args.others:
        others = Ink.read(args.others)
        rows = [
            row
            for net, classifier in classifiers.items()
            for row in tiers_of(net, answers[net], classifier.answer(others.pictures), others.tiers)
        ]
        timing.show(rows, ["net", "no digits", "AUROC", "refused", "share"])
    rows = [letters_of(net, classifier) for net, classifier in classifiers.items()]
    timing.show(rows, ["letters answered (mostly as)", *LETTERS])


if __name__ == "__main__":
    main(get_args_parser().parse_args())
