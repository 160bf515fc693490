"""Whether the browser's worker reads as Python does: the same drawings through both.

Python is the reference. The worker's scripts run in node, with the files that resnet/export.py
makes of the checkpoints. First drawings, of a random hand and of the given files (see bench.ink):
the pictures made of the strokes, the logits of the same weights, and the answers, digit or refusal,
beside those of the checkpoints themselves. Then the first drawings of all of these with the board
open: every lens, every way to cut a unit, all nets with units out, the steps of the lab, images and
test digits, each beside Python's with the same weights. Grey levels are of 255. Files of images are
decoded by Python for both: node has no decoder.

--weights compares neither, but tells what it costs, in Python, to round the weights for the way: to
one byte, as they travel, or to float16.
"""

import argparse
import base64
import itertools
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from PIL import Image, ImageChops, ImageOps
from torch import Tensor

from bench import timing
from bench.ink import Ink, as_png, drawn
from bench.several import Source, composed
from resnet import checkpoint, export, flags, ink, lab, lenses, mnist, pen
from resnet.classifier import Answer, Classifier
from resnet.surgery import INTACT, UNITS, Unit, trace, without
from ui.question import inside_of
from ui.reading import Reader

SCRIPT = Path(__file__).with_suffix(".js")
LEVELS = 255

HANDS = (*range(10), None)  # what the random hand draws, in turn: digits, and then a sign
# How kernels can be rounded.
ROUNDED: dict[str, Callable[[Tensor], Tensor]] = {
    "float16": lambda kernel: kernel.half().float(),
    "one byte": export.in_one_byte,
}

Question = dict[str, Any]  # as the page asks, see ui/question.py
Classifiers = Mapping[str, Classifier]


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("parity", __doc__)
    parser.add_argument("files", type=Path, nargs="*", help="drawings, each file reported apart")
    parser.add_argument(
        "--drawings",
        type=flags.at_least(1),
        default=100,
        metavar="N",
        help="of the random hand, and of all that are read with the board open",
    )
    parser.add_argument(
        "--weights", action="store_true", help="what rounding the weights costs, and nothing else"
    )
    parser.add_argument("--seed", type=flags.seed, default=0, help="default: %(default)s")
    flags.add_checkpoints(parser)
    return parser


class Worker:
    """The scripts of the page's worker, in node, with the nets of a folder of checkpoints."""

    def __init__(self, classifiers: Classifiers, checkpoints: Path, folder: Path) -> None:
        self.folder = folder
        for variant, classifier in classifiers.items():
            export.weights_of(classifier).write(folder)
            export.readback_of(variant, checkpoints, classifier).write(folder)
            export.nearest_of(variant, checkpoints, classifier).write(folder)
        pictures = Reader(classifiers, mnist.FOLDER).nearest_digits()
        export.nearest_digits_of(pictures).write(folder)
        export.digits_of(mnist.load().test).write(folder)

    def read(self, questions: Sequence[Question]) -> list[dict[str, Any]]:
        """The reply of parity.js to each question."""
        lines = "".join(f"{json.dumps(with_pixels(question))}\n" for question in questions)
        node = Path(sys.executable).with_name("node")
        command = [str(node), str(SCRIPT), str(self.folder)]
        ran = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"node failed: {ran.stderr[-2000:]}")
        return [json.loads(line) for line in ran.stdout.splitlines()]


def with_pixels(question: Question) -> Question:
    """The question with its image as the canvas of a browser would have it."""
    if "image" not in question:
        return question
    image = ink.opened(base64.b64decode(question["image"])).convert("RGBA")
    return question | {"image": {"size": image.size, "data": encoded(image.tobytes())}}


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# --- drawings ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """Drawings read by both sides."""

    pictures: float  # the largest difference, in grey levels
    logits: dict[str, float]  # of a net with the same weights, the largest difference
    same: dict[str, int]  # answers that are the same with the same weights
    as_trained: dict[str, int]  # answers that are those of the checkpoint
    total: int


def drawings_of(count: int, seed: int) -> list[Any]:
    """Strokes by the random hand."""
    random = np.random.default_rng(seed)
    return [
        pen.symbol(random) if label is None else pen.digit(label, random)
        for label in itertools.islice(itertools.cycle(HANDS), count)
    ]


def by_hand(count: int, seed: int) -> Ink:
    strokes = drawings_of(count, seed)
    pictures = torch.stack([ink.from_strokes(one) for one in strokes])
    labels = [str(label) for label in itertools.islice(itertools.cycle(HANDS), count)]
    return Ink(pictures, strokes, labels, [])


def compare_drawings(
    worker: Worker, trained: Classifiers, exported: Classifiers, drawings: Sequence[Any]
) -> Read:
    pictures = torch.stack([ink.from_strokes(strokes) for strokes in drawings])
    said = worker.read([{"strokes": strokes} for strokes in drawings])
    theirs = torch.stack([picture_of(one["picture"]) for one in said])
    logits, same, as_trained = {}, {}, {}
    for variant in trained:
        of_worker = torch.tensor([one["logits"][variant] for one in said])
        of_python = torch.cat([exported[variant].logits(part) for part in pictures.split(500)])
        logits[variant] = (of_worker - of_python).abs().max().item()
        answers = [one["reply"]["answers"][variant] for one in said]
        same[variant] = count_same(answers, exported[variant].judged(pictures, of_python))
        as_trained[variant] = count_same(
            answers, [a for part in pictures.split(500) for a in trained[variant].answer(part)]
        )
    furthest = LEVELS * (theirs - pictures).abs().max().item()
    return Read(furthest, logits, same, as_trained, len(drawings))


def picture_of(floats: str) -> Tensor:
    """The base64 of floats -> (1, 32, 32)."""
    values = np.frombuffer(base64.b64decode(floats), "<f4")
    return torch.from_numpy(values.copy()).reshape(1, ink.SIDE, ink.SIDE)


def count_same(theirs: Sequence[Mapping[str, Any]], ours: Sequence[Answer]) -> int:
    """How many are the same digit, or the same reason for none."""
    pairs = zip(theirs, ours, strict=True)
    return sum((a["digit"], a["reason"]) == (b.digit, b.reason) for a, b in pairs)


# --- weights ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rounding:
    """How a net with rounded weights answers, beside the one that was trained."""

    logits: float  # the largest difference
    same: int  # answers that are those of the checkpoint
    right: int  # digits named, and others refused
    total: int


def compare_weights(trained: Classifier, source: Ink) -> dict[str, Rounding]:
    """By how the weights are rounded; "as trained" they are not."""
    parts = source.pictures.split(500)
    nets = {"as trained": trained} | {
        how: export.as_exported(trained, rounded) for how, rounded in ROUNDED.items()
    }
    logits = {how: torch.cat([*map(net.logits, parts)]) for how, net in nets.items()}
    answers = {how: trained.judged(source.pictures, found) for how, found in logits.items()}
    as_trained = [answer.as_json() for answer in answers["as trained"]]
    wanted = [int(label) if label.isdecimal() else None for label in source.labels]
    return {
        how: Rounding(
            (logits[how] - logits["as trained"]).abs().max().item(),
            count_same(as_trained, found),
            sum(answer.digit == digit for answer, digit in zip(found, wanted, strict=True)),
            len(found),
        )
        for how, found in answers.items()
    }


# --- replies ----------------------------------------------------------------------------------


@dataclass
class Difference:
    """Between replies: the largest of each kind, and how much else is not equal."""

    level: float = 0.0  # of a picture's grey levels
    far: int = 0  # pictures with pixels that are more than one level apart
    number: float = 0.0
    others: list[str] = field(default_factory=list)  # where a digit, a channel or a word differs
    values: int = 0

    def take(self, theirs: Any, ours: Any, where: str) -> None:
        match theirs, ours:
            case dict(), dict() if theirs.keys() == ours.keys():
                # Of equally strong channels either may be shown, and then all else is another's.
                shown = ("channels",) if theirs.get("channels") != ours.get("channels") else ours
                for key in shown:
                    self.take(theirs[key], ours[key], f"{where}.{key}")
            case list(), list() if len(theirs) == len(ours):
                for at, (a, b) in enumerate(zip(theirs, ours, strict=True)):
                    self.take(a, b, f"{where}.{at}")
            case str(), str() if len(theirs) == len(ours) > 100:
                self.values += 1
                levels = [np.frombuffer(base64.b64decode(one), np.uint8) for one in (theirs, ours)]
                apart = np.abs(levels[0].astype(int) - levels[1]).max()
                self.level = max(self.level, float(apart))
                self.far += int(apart > 1)
            case (int() | float(), float()) | (float(), int()):
                self.values += 1
                self.number = max(self.number, abs(theirs - ours) / max(1, abs(ours)))
            case _:
                self.values += 1
                if theirs != ours:
                    self.others.append(f"{where}: {theirs} for {ours}")


def compare_replies(
    worker: Worker, exported: Classifiers, questions: Sequence[Question]
) -> Difference:
    found = Difference()
    reader = Reader(exported, mnist.FOLDER)
    for number, (question, said) in enumerate(zip(questions, worker.read(questions), strict=True)):
        # Between JSON and Python a list may be a tuple, and 1.0 is 1.
        ours = json.loads(json.dumps(reply_of(reader, question)))
        found.take(said["reply"], ours, str(number))
    return found


def reply_of(reader: Reader, question: Question) -> Any:
    try:
        return reader.every_way(question) if "net" in question else reader.read(question)
    except gr.Error as error:
        return {"error": error.message}


def compare_logits(
    worker: Worker, exported: Classifiers, questions: Sequence[Question]
) -> dict[str, float]:
    """The largest difference between logits of altered nets, relative to the largest logit where
    that is more than 1: dials turned up let them grow."""
    furthest = dict.fromkeys(exported, 0.0)
    for question, said in zip(questions, worker.read(questions), strict=True):
        inside = inside_of(question["board"])
        assert inside is not None
        picture = ink.from_strokes(question["strokes"])[None]
        for variant, classifier in exported.items():
            with torch.inference_mode():
                ours = trace(classifier.body, picture, inside.settings).logits[0]
            apart = (torch.tensor(said["logits"][variant]) - ours).abs().max()
            relative = (apart / ours.abs().max().clamp(min=1)).item()
            furthest[variant] = max(furthest[variant], relative)
    return furthest


def board(units: Sequence[Unit], lens: str = "maps") -> dict[str, Any]:
    return {"units": [asdict(unit) for unit in units], "lens": lens}


def cuts(random: np.random.Generator, several: int = 40) -> Iterator[list[Unit]]:
    """Every change to one unit alone, and several units changed at once."""
    ways = [
        Unit(is_out=True), Unit(has_shortcut=False), Unit(is_out=True, dial=0.5),
        *(Unit(dial=dial) for dial in (0.0, 0.5, 1.5, 2.0)),
    ]  # fmt: skip
    for number in range(UNITS):
        for way in ways:
            yield [way if number == one else Unit() for one in range(UNITS)]
    for _ in range(several):
        yield [ways[random.integers(len(ways))] for _ in range(UNITS)]


def lab_steps() -> Iterator[dict[str, Any]]:
    """Every choice of the lab's steps, with pens from thin to thick."""
    pens = itertools.cycle([lab.THINNEST, lab.PEN, lab.THICKEST])
    for count in range(len(lab.STEPS) + 1):
        for on in itertools.combinations(lab.STEPS, count):
            yield {"on": list(on), "pen": next(pens)}


def on_sheet(strokes: Any, random: np.random.Generator) -> list[Any]:
    """Strokes somewhere on the lab's sheet, of any size."""
    lines = ink.checked(strokes)
    middle, extent = ink.span(lines)
    scale = random.uniform(0.1, 0.9) * lab.SHEET / max(extent, 1e-9)
    place = random.uniform(0.2, 0.8, 2) * lab.SHEET
    return [((line - middle) * scale + place).round(1).tolist() for line in lines]


def numbers(count: int, random: np.random.Generator) -> Iterator[Question]:
    """Several digits by the random hand in one drawing; of some the board shows one, of a net that
    may be cut, and of some all nets with units out read it."""
    hand = Source.by_hand(random, 100)
    for number in range(count):
        question: Question = {"strokes": composed(hand, random).strokes}
        if number % 3:
            question["part"] = number % 5
        if number % 4 == 1:
            question["board"] = board(INTACT)
        elif number % 4 == 2:
            question["board"] = board(without([2]))
        elif number % 4 == 3:
            question["net"] = checkpoint.VARIANTS[number % 8 // 4]
        yield question


def images_of(drawings: Sequence[Any], random: np.random.Generator) -> Iterator[Question]:
    """The drawings as images: grey, in the alpha channel, and coloured on paper lit from one side,
    some of them large."""
    for number, strokes in enumerate(drawings):
        image = drawn(strokes, random)
        if number % 4 == 3:  # read in blocks of pixels
            image = ImageOps.contain(image, (1000, 1000))
        if number % 3 == 1:
            colour = tuple(random.integers(0, 256, 3).tolist())
            image, alpha = Image.new("RGB", image.size, colour), image
            image.putalpha(alpha)
        elif number % 3 == 2:
            light = Image.linear_gradient("L").resize(image.size)
            lit = Image.eval(light, lambda level: 90 + level // 2)
            channels = [ImageChops.multiply(image, lit), image, ImageChops.multiply(lit, image)]
            image = Image.merge("RGB", channels)
        yield {"image": encoded(as_png(image))}


# --- shown ------------------------------------------------------------------------------------


def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    random = np.random.default_rng(args.seed)
    trained = {net: Classifier.load(net, args.checkpoints) for net in checkpoint.VARIANTS}
    sources = {"random hand": by_hand(args.drawings, args.seed)}
    sources |= {path.name.split(".")[0]: Ink.read(path) for path in args.files}
    if args.weights:
        show_weights(trained, sources)
        return
    drawings = {name: source.strokes for name, source in sources.items()}
    mixed = list(itertools.islice(interleaved(list(drawings.values())), args.drawings))
    exported = {net: export.as_exported(classifier) for net, classifier in trained.items()}
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(trained, args.checkpoints, Path(folder))
        show_drawings(
            {name: compare_drawings(worker, trained, exported, d) for name, d in drawings.items()}
        )
        of_lens = {
            lens: [{"strokes": strokes, "board": board(INTACT, lens)} for strokes in mixed]
            for lens in lenses.LENSES
        }
        altered = [
            {"strokes": strokes, "board": board(units, lens)}
            for units, strokes, lens in zip(
                cuts(random), itertools.cycle(mixed), itertools.cycle(lenses.LENSES), strict=False
            )
        ]
        of_lab = [
            {"strokes": on_sheet(strokes, random), "lab": steps}
            for steps, strokes in zip(lab_steps(), itertools.cycle(mixed), strict=False)
        ]
        of_images = list(images_of(mixed, random))
        images_in_lab = [
            {**image, "lab": steps}
            for image, steps in zip(of_images, itertools.cycle(lab_steps()), strict=False)
        ]
        indices = random.permutation(len(mnist.load().test))[: args.drawings].tolist()
        questions = of_lens | {
            "units cut, every lens": altered,
            "all nets with units out": [
                {"strokes": strokes, "net": net} for strokes in mixed for net in checkpoint.VARIANTS
            ],
            "numbers": list(numbers(args.drawings, random)),
            "the lab's steps": of_lab,
            "images": of_images,
            "images in the lab": images_in_lab,
            "MNIST's test digits": [{"digit": index} for index in indices],
        }
        show_replies(
            {name: compare_replies(worker, exported, asked) for name, asked in questions.items()},
            {name: len(asked) for name, asked in questions.items()},
        )
        apart = compare_logits(worker, exported, altered)
    rows = [[net, f"{len(altered)}", f"{value:.1e}"] for net, value in apart.items()]
    timing.show(rows, ["net", "units cut", "logits, at most"])


def interleaved(sources: Sequence[Sequence[Any]]) -> Iterator[Any]:
    """The first of each, the second of each, and so on."""
    for row in itertools.zip_longest(*sources):
        yield from (one for one in row if one is not None)


def show_weights(trained: Classifiers, sources: Mapping[str, Ink]) -> None:
    rows = []
    for name, source in sources.items():
        for net, classifier in trained.items():
            found = compare_weights(classifier, source)
            right = [f"{one.right}/{one.total}" for one in found.values()]
            rounded = [found[how] for how in ROUNDED]
            changed = [f"{one.total - one.same}" for one in rounded]
            rows.append([name, net, *right, *changed, *(f"{one.logits:.2g}" for one in rounded)])
    headers = [
        "right, as trained",
        *(f"{what}{how}" for what in ("right, ", "changed by ", "logits by ") for how in ROUNDED),
    ]
    timing.show(rows, ["drawings", "net", *headers])


def show_drawings(found: Mapping[str, Read]) -> None:
    rows = [
        [
            name,
            net,
            f"{read.pictures:.3f}",
            f"{read.logits[net]:.1e}",
            f"{read.same[net]}/{read.total}",
            f"{read.as_trained[net]}/{read.total}",
            # Cut off, not rounded: 100 % is all of them.
            f"{math.floor(10_000 * read.as_trained[net] / read.total) / 100:.2f}%",
        ]
        for name, read in found.items()
        for net in read.same
    ]
    headers = ["drawings", "net", "grey levels, at most", "logits, at most"]
    timing.show(rows, [*headers, "same answers", "same as trained", "share"])


def show_replies(found: Mapping[str, Difference], asked: Mapping[str, int]) -> None:
    rows = [
        [
            name,
            f"{asked[name]}",
            f"{difference.values}",
            f"{difference.level:g}",
            f"{difference.far}",
            f"{difference.number:.1e}",
            f"{len(difference.others)}",
        ]
        for name, difference in found.items()
    ]
    levels = ["grey levels, at most", "pictures off by more than 1"]
    timing.show(rows, ["what", "questions", "values", *levels, "numbers, at most", "unequal"])
    for name, difference in found.items():
        for line in difference.others[:5]:
            print(f"{name}, question {line[:150]}", file=sys.stderr)


if __name__ == "__main__":
    main(get_args_parser().parse_args())
