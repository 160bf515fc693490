"""A question of the page about a drawing, checked before anything is computed.

Whatever a browser sends may be anything: it becomes a Question here, or gr.Error with one sentence.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, TypeAlias

import gradio as gr

from resnet import lenses, several
from resnet.language import t
from resnet.surgery import DIAL, INTACT, UNITS, Settings, Unit


@dataclass(frozen=True)
class Strokes:
    points: Any  # ink judges them


@dataclass(frozen=True)
class Picture:
    file: bytes


@dataclass(frozen=True)
class Digit:
    index: int  # of MNIST's test digits, if there is such a one


Source: TypeAlias = Strokes | Picture | Digit


@dataclass(frozen=True)
class Lab:
    """How a drawing is to be prepared; lab judges both."""

    on: Any  # the steps to take
    pen: Any  # its thickness


@dataclass(frozen=True)
class Inside:
    """How the nets are to be altered, and what is to be shown inside."""

    settings: Settings
    lens: str


@dataclass(frozen=True)
class Question:
    source: Source
    lab: Lab | None  # None: prepared as usual
    inside: Inside | None  # None: only the answers of the whole nets
    part: int | None  # the digit of a number that is looked into; None: the one drawn last


def question_of(drawing: Any) -> Question:
    """{"strokes" | "image": base64 | "digit"} and, where more is wanted, {"lab": {"on", "pen"},
    "board": {"units", "lens"}, "part"}."""
    if not isinstance(drawing, dict):
        raise fault(t("The drawing is incomplete."))
    return Question(
        source_of(drawing),
        lab_of(drawing),
        inside_of(drawing.get("board")),
        part_of(drawing.get("part")),
    )


def source_of(drawing: dict[str, Any]) -> Source:
    match drawing:
        case {"digit": index}:
            if type(index) is not int:
                raise fault(t("There is no such test digit."))
            return Digit(index)
        case {"image": image}:
            return Picture(decoded(image))
        case _:
            return Strokes(drawing.get("strokes"))


def lab_of(drawing: dict[str, Any]) -> Lab | None:
    if "lab" not in drawing:
        return None
    wish = drawing["lab"] if isinstance(drawing["lab"], dict) else {}
    return Lab(wish.get("on"), wish.get("pen"))


def inside_of(board: Any) -> Inside | None:
    if board is None:
        return None
    units = board.get("units") if isinstance(board, dict) else None
    if not isinstance(units, list) or len(units) != UNITS:
        raise fault(t("The board is not a list of {n} units.", n=UNITS))
    settings = tuple(map(unit_of, units))
    lens = board.get("lens")
    if not isinstance(lens, str) or lens not in lenses.LENSES:
        raise fault(t("There is no such lens."))
    return Inside(settings, lens)


def part_of(part: Any) -> int | None:
    if part is not None and (type(part) is not int or not 0 <= part < several.MOST):
        raise fault(t("A number has no such digit."))
    return part


def unit_of(unit: Any) -> Unit:
    if not isinstance(unit, dict) or unit.keys() != vars(INTACT[0]).keys():
        raise fault(t("A unit of the board is incomplete."))
    low, high = DIAL
    # Written so that it is false for a NaN, and for true and false, which are numbers to Python.
    if type(unit["dial"]) not in (int, float) or not low <= unit["dial"] <= high:
        raise fault(t("A dial goes from {low} to {high}.", low=f"{low:g}", high=f"{high:g}"))
    if not isinstance(unit["is_out"], bool) or not isinstance(unit["has_shortcut"], bool):
        raise fault(t("A unit is in or out, and its shortcut whole or cut."))
    return Unit(unit["is_out"], unit["has_shortcut"], float(unit["dial"]))


def decoded(image: Any) -> bytes:
    """The bytes of base64."""
    try:
        return base64.b64decode(image, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise fault(t("The image is incomplete.")) from error


def fault(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)
