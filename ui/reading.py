"""One drawing in, what every net says about it out: the same for the pad and for the API."""

import base64
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from resnet import ink, lab
from resnet.classifier import Classifier
from resnet.comparison import measured_digits
from resnet.mnist import DataError, Split

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

    def strokes(self, strokes: Any) -> tuple[Answers, list[str]]:
        """The answers, and the picture that the nets saw as base64 of its 32x32 grey levels."""
        return self.read(lambda: [ink.from_strokes(strokes)])

    def image(self, file: bytes) -> tuple[Answers, list[str]]:
        return self.read(lambda: [ink.from_image(file)])

    def strokes_in_lab(self, strokes: Any, on: Any, pen: Any) -> tuple[Answers, list[str]]:
        """The answers, and the pictures of all steps; the nets saw the last one."""
        return self.read(lambda: lab.from_strokes(strokes, on, pen))

    def image_in_lab(self, file: bytes, on: Any) -> tuple[Answers, list[str]]:
        return self.read(lambda: lab.from_image(file, on))

    def digit(self, index: Any) -> tuple[Answers, list[str]]:
        """Of a test digit of MNIST in its own 28x28 pixels, as the nets were measured."""
        test = self.test_digits()
        if type(index) is not int or not 0 <= index < len(test):
            raise gr.Error("There is no such test digit.", print_exception=False)
        return self.read(lambda: [ink.frame(test.images[index : index + 1])[0]])

    def test_digits(self) -> Split:
        """The test digits that the nets were measured on, read when first asked for."""
        about = next(iter(self.classifiers.values())).about
        try:
            return measured_digits(self.data, str(about.get("data_sha256")))
        except DataError as error:
            print(error, file=sys.stderr)
            raise gr.Error(
                "The test digits cannot be shown: MNIST is missing or damaged on this server.",
                print_exception=False,
            ) from error

    def read(self, prepare: Callable[[], list[Tensor]]) -> tuple[Answers, list[str]]:
        with self.turn():
            try:
                pictures = prepare()
            except ink.InkError as error:
                raise gr.Error(str(error), print_exception=False) from error
            answers = {
                variant: classifier.answer(pictures[-1][None])[0].as_json()
                for variant, classifier in self.classifiers.items()
            }
        return answers, [base64.b64encode(ink.grey_levels(it)).decode() for it in pictures]

    @contextmanager
    def turn(self) -> Any:
        if not self.turns.acquire(timeout=PATIENCE):
            raise gr.Error("The server is busy; please try again.", print_exception=False)
        try:
            yield
        finally:
            self.turns.release()
