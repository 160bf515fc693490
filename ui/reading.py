"""One drawing in, what every net says about it out: the same for the pad and for the API."""

import base64
import binascii
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from resnet import ink, lab, lenses
from resnet.classifier import Classifier
from resnet.comparison import measured_digits
from resnet.mnist import DataError, Split
from resnet.surgery import DIAL, INTACT, UNITS, Settings, Unit

PATIENCE = 3.0  # seconds a drawing waits for its turn before it is refused

Answers = dict[str, dict[str, Any]]  # variant -> the JSON form of an Answer


class Reader:
    """Reads drawings with all nets, as many at a time as there are cores.

    A drawing that cannot be read, or not now, raises gr.Error with one sentence.
    """

    def __init__(self, classifiers: Mapping[str, Classifier], data: Path) -> None:
        self.classifiers = classifiers
        self.data = data
        self.turns = threading.BoundedSemaphore(os.cpu_count() or 1)
        self.heavy_turns = threading.BoundedSemaphore(1)
        self.loading = threading.Lock()  # MNIST takes a second: once, however many ask for it

    def strokes(self, strokes: Any) -> Answers:
        """The answers of the whole nets."""
        return self.whole(lambda: ink.from_strokes(strokes))

    def image(self, file: bytes) -> Answers:
        return self.whole(lambda: ink.from_image(file))

    def whole(self, prepare: Callable[[], Tensor]) -> Answers:
        with self.turn():
            picture = prepare()[None]
            return {
                variant: classifier.answer(picture)[0].as_json()
                for variant, classifier in self.classifiers.items()
            }

    def read(self, drawing: Any) -> dict[str, Any]:
        """What a browser asks: {"strokes" | "image" | "digit": what was drawn}.

        The reply holds the answers and the picture that the nets saw, base64 of 32x32 grey levels.
        A drawing may ask for more:
        "lab": {"on", "pen"} prepares it so, and the reply has the pictures of all "steps";
        "board": {"units", "lens"} alters the nets so, and the reply has the "board": a list of
        cells a net, or the sentence of why the lens is "closed".
        A test digit's reply has its "label".
        """
        if not isinstance(drawing, dict):
            raise fault("The drawing did not arrive whole.")
        board = drawing.get("board")
        if board is not None:
            settings, lens = settings_of(board), lens_of(board)
        with self.turn():
            pictures, more = self.prepared(drawing)
            picture = pictures[-1]
            if "lab" in drawing:
                more["steps"] = [encoded(one) for one in pictures]
            if board is None:
                answers = {v: net.answer(picture[None])[0] for v, net in self.classifiers.items()}
            else:
                answers, inside = {}, {}
                for variant, net in self.classifiers.items():
                    try:
                        answers[variant], inside[variant] = net.dissect(picture, settings, lens)
                    except lenses.LensError as error:
                        more["closed"] = str(error)
                        # The answers come all the same; any lens that is never closed will do.
                        answers[variant], _ = net.dissect(picture, settings, lenses.LENSES[0])
                more["board"] = inside
        return {
            "answers": {variant: answer.as_json() for variant, answer in answers.items()},
            "picture": encoded(picture),
            **more,
        }

    def prepared(self, drawing: dict[str, Any]) -> tuple[list[Tensor], dict[str, Any]]:
        """The pictures of the steps, the one to read last, and what else the reply has to say."""
        if "digit" in drawing:
            index, test = drawing["digit"], self.test_digits()
            if type(index) is not int or not 0 <= index < len(test):
                raise fault("There is no such test digit.")
            # In its own 28x28 pixels, as the nets were measured: there is nothing to prepare.
            return [ink.frame(test.images[index : index + 1])[0]], {
                "label": int(test.labels[index])
            }
        if "lab" not in drawing:
            if "image" in drawing:
                return [ink.from_image(decoded(drawing["image"]))], {}
            return [ink.from_strokes(drawing.get("strokes"))], {}
        wish = drawing["lab"] if isinstance(drawing["lab"], dict) else {}
        if "image" in drawing:
            return lab.from_image(decoded(drawing["image"]), wish.get("on")), {}
        return lab.from_strokes(drawing.get("strokes"), wish.get("on"), wish.get("pen")), {}

    def test_digits(self) -> Split:
        """The test digits that the nets were measured on, read when first asked for."""
        about = next(iter(self.classifiers.values())).about
        try:
            with self.loading:
                return measured_digits(self.data, str(about.get("data_sha256")))
        except DataError as error:
            print(error, file=sys.stderr)
            raise fault(
                "The test digits cannot be shown: MNIST is missing or damaged on this server."
            ) from error

    @contextmanager
    def turn(self, is_heavy: bool = False) -> Iterator[None]:
        """A place among those who may compute now. What takes a second and hundreds of MB is heavy:
        one at a time, and the memory goes back to the system."""
        turns = self.heavy_turns if is_heavy else self.turns
        if not turns.acquire(timeout=PATIENCE):
            raise fault("The server is busy; please try again.")
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


def settings_of(board: Any) -> Settings:
    """What a browser wants done to the units; gr.Error for anything that cannot be done."""
    units = board.get("units") if isinstance(board, dict) else None
    if not isinstance(units, list) or len(units) != UNITS:
        raise fault(f"The board is not a list of {UNITS} units.")
    return tuple(map(unit_of, units))


def unit_of(unit: Any) -> Unit:
    if not isinstance(unit, dict) or unit.keys() != vars(INTACT[0]).keys():
        raise fault("A unit of the board did not arrive whole.")
    low, high = DIAL
    # Written so that it is false for a NaN, and for true and false, which are numbers to Python.
    if type(unit["dial"]) not in (int, float) or not low <= unit["dial"] <= high:
        raise fault(f"A dial goes from {low:g} to {high:g}.")
    if not isinstance(unit["is_out"], bool) or not isinstance(unit["has_shortcut"], bool):
        raise fault("A unit is in or out, and its shortcut whole or cut.")
    return Unit(unit["is_out"], unit["has_shortcut"], float(unit["dial"]))


def lens_of(board: dict[str, Any]) -> str:
    lens = board.get("lens")
    if not isinstance(lens, str) or lens not in lenses.LENSES:
        raise fault("There is no such lens.")
    return lens


def encoded(picture: Tensor) -> str:
    return base64.b64encode(ink.grey_levels(picture)).decode()


def decoded(image: Any) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise fault("The image did not arrive whole.") from error


def fault(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)
