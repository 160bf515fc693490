"""A drawing of several digits -> a picture of each, from left to right.

Strokes of one digit lie over each other, strokes of two digits side by side. So a drawing falls
into groups of strokes, and each goes the way of a drawing of its own. Whether these are digits, and
the whole is not one, is for the nets to say (Classifier.read).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from resnet import ink

MOST = 8  # digits of a number
STROKES = 3 * MOST  # nobody takes more for them
# Of the narrower stroke's width: strokes that share less of it stand side by side. Found on numbers
# and signs by the random hand (bench/several.py): less leaves more numbers whose digits lean over
# each other undivided, more divides more signs.
SHARED = 0.3
LIKELY = 0.5  # is_digit of each digit, at least: a number is a bolder claim than a digit
SMALLEST = 0.3  # of the largest digit's size; what is smaller is a dot or a comma


@dataclass(frozen=True)
class Drawing:
    """A drawing as pictures: the whole, and each digit where it falls into several."""

    whole: Tensor  # (1, 32, 32)
    digits: Tensor  # (N, 1, 32, 32), from left to right; N is 0 or 2 to MOST
    last: int = 0  # the digit that the last stroke belongs to

    @staticmethod
    def of(picture: Tensor) -> "Drawing":
        """A drawing that is one (1, 32, 32) picture and falls into no digits."""
        return Drawing(picture, picture.new_zeros(0, *picture.shape))


def from_strokes(strokes: Any) -> Drawing:
    """Pen strokes [[[x, y], ...], ...], y down, any units. Raises InkError as ink does."""
    lines = ink.checked(strokes)
    whole = ink.from_strokes(lines)
    groups = split(lines)
    if not groups:
        return Drawing.of(whole)
    digits = [ink.from_strokes([lines[number] for number in group]) for group in groups]
    last = next(i for i, group in enumerate(groups) if len(lines) - 1 in group)
    return Drawing(whole, torch.stack(digits), last)


def split(lines: Sequence[np.ndarray]) -> list[list[int]]:
    """The numbers of the lines of each digit, from left to right; none where it is one at most."""
    if not 2 <= len(lines) <= STROKES:
        return []
    boxes = [box_of([line]) for line in lines]
    groups: list[list[int]] = []
    for number, box in enumerate(boxes):
        over = [group for group in groups if any(lies_over(box, boxes[i]) for i in group)]
        groups = [group for group in groups if group not in over]
        groups.append([*itertools.chain.from_iterable(over), number])
    around = [box_of([lines[number] for number in group]) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: float(around[i][:, 0].sum()))
    return [groups[i] for i in order] if is_row([around[i] for i in order]) else []


def box_of(lines: Sequence[np.ndarray]) -> np.ndarray:
    """(2, 2): the least (x, y) of all points, and the largest."""
    points = np.concatenate(lines)
    return np.stack([points.min(0), points.max(0)])


def lies_over(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two strokes share so much of their width that they are of one digit."""
    shared = min(one[1, 0], other[1, 0]) - max(one[0, 0], other[0, 0])
    return bool(shared >= SHARED * min(one[1, 0] - one[0, 0], other[1, 0] - other[0, 0]))


def is_row(boxes: Sequence[np.ndarray]) -> bool:
    """Whether boxes, from left to right, stand as the digits of a number do: several, of much the
    same size, and none above its neighbour."""
    if not 2 <= len(boxes) <= MOST:
        return False
    sizes = [float((box[1] - box[0]).max()) for box in boxes]
    if min(sizes) == 0 or min(sizes) < SMALLEST * max(sizes):
        return False
    return all(
        min(one[1, 1], other[1, 1]) > max(one[0, 1], other[0, 1])
        for one, other in itertools.pairwise(boxes)
    )
