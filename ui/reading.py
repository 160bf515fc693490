"""One drawing in, what every net says about it out: the same for the pad and for the API."""

import base64
import ctypes
import itertools
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import gradio as gr
from torch import Tensor

from resnet import ink, lab, lenses, nearest, several
from resnet.classifier import Answer, AnswerJson, Classifier
from resnet.comparison import measured_digits
from resnet.language import t
from resnet.mnist import DataError, Split
from resnet.several import Drawing
from ui.question import Digit, Inside, Lab, Picture, Source, Strokes, fault, question_of

PATIENCE = 3.0  # seconds a drawing waits for its turn before it is refused

Answers = dict[str, AnswerJson]  # by variant


class Reply(TypedDict):
    """The answer to a question of the page."""

    answers: Answers
    picture: str  # that the nets saw: base64 of 32x32 grey levels
    part: NotRequired[int]  # the digit of a number that this is, and that the board shows
    steps: NotRequired[list[str]]  # the same after each step, where the lab asked
    label: NotRequired[int]  # of a test digit
    board: NotRequired[dict[str, Sequence[lenses.Cell]]]  # variant -> a cell a place
    closed: NotRequired[str]  # why the lens shows nothing
    digits: NotRequired[dict[str, str]]  # that cells name, by index: base64 of 28x28 grey levels


class EveryWay(TypedDict):
    """The answers of all nets that are left of one with units out, in the order of paths.ways."""

    digits: list[int | None]
    certainties: list[float]  # the probability of the likeliest digit; 0 for a blank picture


class Reader:
    """Reads drawings with all nets, as many at a time as there are cores.

    A drawing that cannot be read, or not now, raises gr.Error with one sentence.
    """

    # Of all readers: when the nets are renewed, there are two for a moment.
    turns = threading.BoundedSemaphore(os.cpu_count() or 1)
    heavy_turns = threading.BoundedSemaphore(1)

    def __init__(self, classifiers: Mapping[str, Classifier], data: Path) -> None:
        self.classifiers = classifiers
        self.data = data
        self.loading = threading.Lock()  # MNIST takes a second: once, however many ask for it
        self.nearest: dict[int, Tensor] | None = None

    def strokes(self, strokes: Any) -> Answers:
        """The answers of the whole nets."""
        return self.whole(Strokes(strokes))

    def image(self, file: bytes) -> Answers:
        return self.whole(Picture(file))

    def whole(self, source: Source) -> Answers:
        with self.turn():
            _, drawing = self.prepared(source, None)
            return self.reply(drawing, None, None)["answers"]

    def read(self, drawing: Any) -> Reply:
        """The reply to what a browser asks, see question_of."""
        question = question_of(drawing)
        with self.turn():
            steps, prepared = self.prepared(question.source, question.lab)
            reply = self.reply(prepared, question.inside, question.part)
            if question.lab is not None:
                reply["steps"] = [encoded(picture) for picture in steps]
            if isinstance(question.source, Digit):
                reply["label"] = int(self.test_digits().labels[question.source.index])
        return reply

    def every_way(self, asked: Any) -> EveryWay:
        """The reply to a question as read() takes it, with the name of one net: {"net"}."""
        question = question_of(asked)
        net = self.classifiers.get(str(asked.get("net")))
        if net is None:
            raise fault(t("There is no such net."))
        with self.turn():
            _, drawing = self.prepared(question.source, question.lab)
            part = self.part_of(drawing, self.read_as_numbers(drawing), question.part)
            picture = drawing.whole if part is None else drawing.digits[part]
            answers = net.answer_every_way(picture)
        return {
            "digits": [answer.digit for answer in answers],
            "certainties": [max(answer.probabilities or [0.0]) for answer in answers],
        }

    def prepared(self, source: Source, wish: Lab | None) -> tuple[list[Tensor], Drawing]:
        """(1, 32, 32) pictures of the lab's steps, or only the one, and what is to be read.

        Only strokes fall into digits, and not in the lab, which shows how one picture is made.
        """
        match source:
            case Digit(index):
                # In its own 28x28 pixels, as the nets were measured: there is nothing to prepare.
                pictures = [ink.frame(self.test_digit(index))[0]]
            case Picture(file):
                pictures = lab.from_image(file, wish.on) if wish else [ink.from_image(file)]
            case Strokes(points):
                if wish is None:
                    drawing = several.from_strokes(points)
                    return [drawing.whole], drawing
                pictures = lab.from_strokes(points, wish.on, wish.pen)
        return pictures, Drawing.of(pictures[-1])

    def read_as_numbers(self, drawing: Drawing) -> dict[str, Answer]:
        """The whole nets' answers to a drawing that may be a number; none to any other."""
        if len(drawing.digits) == 0:
            return {}
        return {variant: net.read([drawing])[0] for variant, net in self.classifiers.items()}

    @staticmethod
    def part_of(drawing: Drawing, found: Mapping[str, Answer], wish: int | None) -> int | None:
        """The digit to look into: the one that is wished, or the one that the pen drew last.

        The same for all nets, if only one takes the drawing for a number; None if none does.
        """
        if not any(answer.digits for answer in found.values()):
            return None
        return min(drawing.last if wish is None else wish, len(drawing.digits) - 1)

    def reply(self, drawing: Drawing, inside: Inside | None, wish: int | None) -> Reply:
        """The nets' answers, and what the lens shows inside them; altered as the board asks."""
        found = self.read_as_numbers(drawing)
        part = self.part_of(drawing, found, wish)
        picture = drawing.whole if part is None else drawing.digits[part]
        reply: Reply = {"answers": {}, "picture": encoded(picture)}
        if part is not None:
            reply["part"] = part
        if inside is not None:
            reply["board"] = {}
        for variant, net in self.classifiers.items():
            if inside is None:
                answer = found.get(variant) or net.read([drawing])[0]
            else:
                try:
                    answer, reply["board"][variant] = net.dissect(
                        picture, inside.settings, inside.lens
                    )
                except lenses.LensError as error:
                    reply["closed"] = t(str(error))
                    # The answers come all the same; any lens that is never closed will do.
                    answer, _ = net.dissect(picture, inside.settings, lenses.LENSES[0])
                if part is not None:
                    answer = net.reread(drawing, found[variant], inside.settings)
            reply["answers"][variant] = answer.as_json()
        if inside is not None and inside.lens == "near":
            self.picture_digits(reply)
        return reply

    def picture_digits(self, reply: Reply) -> None:
        """Adds the pictures of the digits that the cells name."""
        cells = itertools.chain.from_iterable(reply["board"].values())
        named = {index for cell in cells for index in cast(lenses.NearCell, cell)["digits"]}
        if not named:
            return
        try:
            pictures = self.nearest_digits()
        except gr.Error as error:
            reply |= {"board": {}, "closed": error.message}
            return
        reply["digits"] = {
            str(index): base64.b64encode(pictures[index].numpy().tobytes()).decode()
            for index in sorted(named)
        }

    def test_digit(self, index: int) -> Tensor:
        """(1, 28, 28) uint8."""
        test = self.test_digits()
        if not 0 <= index < len(test):
            raise fault(t("There is no such test digit."))
        return test.images[index : index + 1]

    def test_digits(self) -> Split:
        """The test digits that the nets were measured on, read when first asked for."""
        about = next(iter(self.classifiers.values())).about
        try:
            with self.loading:
                return measured_digits(self.data, str(about.get("data_sha256")))
        except DataError as error:
            print(error, file=sys.stderr)
            raise fault(
                t("The test digits cannot be shown: MNIST is missing or damaged on this server.")
            ) from error

    def nearest_digits(self) -> dict[int, Tensor]:
        """The training digits that the nets' nearest are among, read when first asked for."""
        with self.loading:
            if self.nearest is None:
                found = [net.nearest for net in self.classifiers.values() if net.nearest]
                try:
                    self.nearest = nearest.pictures(found, self.data)
                except DataError as error:
                    print(error, file=sys.stderr)
                    raise fault(
                        t("The training digits cannot be shown: MNIST is missing or damaged.")
                    ) from error
            return self.nearest

    @contextmanager
    def turn(self, is_heavy: bool = False) -> Iterator[None]:
        """A place among those who may compute now. What takes a second and hundreds of MB is heavy:
        one at a time, and the memory goes back to the system."""
        turns = self.heavy_turns if is_heavy else self.turns
        if not turns.acquire(timeout=PATIENCE):
            raise fault(t("The server is busy; please try again."))
        try:
            yield
        except ink.InkError as error:
            raise fault(str(error)) from error
        finally:
            if is_heavy:
                return_freed_memory()
            turns.release()


def return_freed_memory() -> None:
    """glibc keeps what was freed for each of the server's threads; other systems need no call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def encoded(picture: Tensor) -> str:
    return base64.b64encode(ink.grey_levels(picture)).decode()
