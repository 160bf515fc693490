"""The steps from a drawing to the picture the nets see, one by one, any of them left out.

A picture is a square window of the sheet or the image, brought to 32x32:

    as drawn  the whole sheet, or the square around the whole image
    crop      the square around the ink
    box       wider: what filled 32 pixels fills 20 of them, the rest is margin
    line      strokes are drawn anew at MNIST's width; before, at the pen's
    centre    moved until the centre of mass is where MNIST has it

With all steps on, the last picture is the one that ink makes.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from resnet import ink
from resnet.ink import BOX, LINE, SIDE, InkError
from resnet.language import t

STEPS = ("crop", "box", "line", "centre")  # in their order

SHEET = 1000  # units of strokes to a side of the sheet they were drawn on
PEN = 52  # units, the width of an ordinary pen
THINNEST, THICKEST = 20, 160  # pens there are
BEYOND = 100 * SHEET  # a pen may leave the sheet, but not for where float32 ends


def from_strokes(strokes: Any, on: Any, pen: Any) -> list[Tensor]:
    """Strokes on a sheet -> pictures (1, 32, 32): as drawn, then after each of STEPS.

    A step that is not in the list `on` leaves its picture as it was. Raises InkError as ink does,
    for steps that are none, and for a pen that is not from THINNEST to THICKEST units.
    """
    stages = stages_of(on)
    # Written so that it is false for a NaN.
    if not (isinstance(pen, int | float) and THINNEST <= pen <= THICKEST):
        raise InkError(t("The pen's thickness is not one that there is."))
    lines = ink.checked(strokes)
    if any((np.abs(line) > BEYOND).any() for line in lines):
        raise InkError(t("A stroke is too far from the sheet."))
    return [stroked(lines, done, pen) if lines else blank() for done in stages]


def from_image(source: bytes, on: Any) -> list[Tensor]:
    """An image file's bytes -> pictures (1, 32, 32): as drawn, then after each of STEPS.

    An image has no strokes: its lines stay as they are. Of one that is large enough to be read in
    blocks (ink.COARSE), the part around the ink counts as the whole. Raises InkError as ink does,
    and for steps that are none.
    """
    stages = stages_of(on)
    inked = ink.ink_of(ink.opened(source))
    return [blank() if inked is None else windowed(inked, done) for done in stages]


def stages_of(on: Any) -> list[frozenset[str]]:
    """The steps taken at each picture, from none to all that are on."""
    if not isinstance(on, list) or not all(step in STEPS for step in on):
        raise InkError(t("The steps to take are not a list of steps that there are."))
    return [frozenset(STEPS[:count]).intersection(on) for count in range(len(STEPS) + 1)]


def blank() -> Tensor:
    return torch.zeros(1, SIDE, SIDE)


def side_of(done: frozenset[str]) -> int:
    """Pixels that the larger side of the window's content has."""
    return BOX if "box" in done else SIDE


def stroked(lines: list[np.ndarray], done: frozenset[str], pen: float) -> Tensor:
    """The picture of strokes after these steps."""
    side, is_anew = side_of(done), "line" in done
    middle, scale = np.full(2, SHEET / 2), side / SHEET
    if "crop" in done:
        middle, extent = ink.span(lines)
        scale = ink.scale_to(side, extent, LINE) if is_anew else side / (extent + pen)
    width = LINE if is_anew else pen * scale
    return ink.drawn(ink.mapped(lines, middle, scale), width, "centre" in done)


def windowed(inked: np.ndarray, done: frozenset[str]) -> Tensor:
    """The picture of an image's ink (height, width) after these steps."""
    height, width = inked.shape
    middle, extent = np.array([width, height]) / 2, float(max(width, height))
    if "crop" in done:
        middle, extent = ink.span_of_ink(inked)
    return ink.resampled(inked, middle, extent / side_of(done), "centre" in done)
