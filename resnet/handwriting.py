"""The training pictures that MNIST lacks: digits in more of the world's styles, and what is none.

All are pictures (N, 32, 32) uint8, 0 for paper and 255 for ink, that went through `ink` as a
visitor's drawing does. They are made from a seed and the committed sheet of glyphs, so a clone
makes the same ones.
"""

import csv
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from resnet import ink, pen
from resnet.mnist import Split
from resnet.samples import Stroke

FONTS = Path(__file__).parent.parent / "data" / "fonts"
CHARACTERS = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+=#?!&@%$*<>/~(){}[]^;:\"'-_"
)
# Letters and signs that somebody's digit looks like: a net that learned to refuse them would
# refuse digits.
LIKE_DIGITS = "BCDGIJLOPQSTUVYZabceghijloqrstuyz&$!/()[]{};:'\"~<>?%^"
Random = np.random.Generator
HELD_OUT = 6  # every sixth family of fonts is for validation only


@dataclass(frozen=True)
class Glyphs:
    """Pictures of characters from handwriting fonts, (fonts, characters, 32, 32) uint8."""

    pictures: Tensor

    def digits(self) -> Split:
        pictures = self.pictures[:, :10].flatten(0, 1)
        return Split(pictures, torch.arange(10).repeat(len(self.pictures)))

    def others(self) -> Tensor:
        """The letters and signs that nobody takes for a digit."""
        columns = [i for i, c in enumerate(CHARACTERS) if i > 9 and c not in LIKE_DIGITS]
        pictures = self.pictures[:, columns].flatten(0, 1)
        return pictures[pictures.flatten(1).amax(1) > 0]  # a font may lack some


@functools.cache
def glyphs(held_out: bool = False) -> Glyphs:
    """The fonts to train on, or those held out for validation, by family."""
    sheet = torch.from_numpy(np.array(Image.open(FONTS / "glyphs.png")))
    cells = sheet.unflatten(0, (-1, ink.SIDE)).unflatten(2, (-1, ink.SIDE)).transpose(1, 2)
    with (FONTS / "fonts.csv").open(newline="") as file:
        families = [row["family"] for row in csv.DictReader(file)]
    order = {family: number for number, family in enumerate(dict.fromkeys(families))}
    kept = [(order[family] % HELD_OUT == HELD_OUT - 1) == held_out for family in families]
    pictures = cells[torch.tensor(kept)]
    boxed = ink.in_our_box(pictures.flatten(0, 1)[:, None] / 255)
    return Glyphs((boxed * 255).round().to(torch.uint8).reshape(pictures.shape))


@dataclass(frozen=True)
class Extras:
    """The pictures that are mixed with MNIST's."""

    written: Split  # digits by the pen
    printed: Split  # digits of handwriting fonts
    not_digits: Tensor

    @property
    def digits(self) -> Split:
        return Split(
            torch.cat([self.written.images, self.printed.images]),
            torch.cat([self.written.labels, self.printed.labels]),
        )

    @property
    def sha256(self) -> str:
        parts = (self.written.images, self.printed.images, self.not_digits)
        return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()


def extras(count: int, held_out: bool = False) -> Extras:
    """As many written digits and as many pictures that are none; all the digits of the fonts.

    The held-out ones, for validation, come from other fonts, from another seed and in part in other
    styles.
    """
    fonts = glyphs(held_out)
    seed = int(held_out)
    return Extras(
        written(count, seed, held_out), fonts.digits(), not_digits(count, seed, fonts.others())
    )


def written(count: int, seed: int, held_out: bool = False) -> Split:
    """Digits by the pen, every label equally often."""
    random = np.random.default_rng([seed, 1])
    labels = torch.arange(count) % 10
    pictures = [picture(pen.digit(label, random, held_out), random) for label in labels.tolist()]
    return Split(torch.stack(pictures), labels)


def not_digits(count: int, seed: int, letters: Tensor) -> Tensor:
    """Signs, scribbles, marks, several digits at once, letters alone and in words."""

    def by_pen(draw: Callable[[Random], list[Stroke]]) -> Callable[[], Tensor]:
        return lambda: picture(draw(random), random)

    def letter() -> Tensor:
        return letters[random.integers(len(letters))]

    def word() -> Tensor:
        return in_a_row(letters[random.integers(len(letters), size=random.integers(2, 5))].numpy())

    random = np.random.default_rng([seed, 2])
    kinds: list[tuple[float, Callable[[], Tensor]]] = [
        (0.30, by_pen(pen.symbol)),
        (0.12, by_pen(pen.scribble)),
        (0.05, by_pen(pen.mark)),
        (0.23, by_pen(pen.several)),
        (0.22, letter),
        (0.08, word),
    ]
    chosen = random.choice(len(kinds), count, p=[share for share, _ in kinds])
    return torch.stack([kinds[kind][1]() for kind in chosen.tolist()])


def picture(strokes: list[Stroke], random: Random) -> Tensor:
    """(32, 32): at the width of a visitor's strokes, or at any an image may have."""
    width = ink.LINE
    if random.random() >= 0.5:
        width = float(np.exp(random.uniform(0.2, 1.4))) * (ink.BOX / ink.MNIST_BOX)
    return (ink.from_strokes(strokes, width)[0] * 255).round().to(torch.uint8)


def in_a_row(glyphs: np.ndarray) -> Tensor:
    """(n, 32, 32) pictures cropped, set side by side and scaled into the box: (32, 32)."""
    cropped = [glyph[:, glyph.max(0) > 0] for glyph in glyphs]
    row = np.concatenate([np.pad(glyph, ((0, 0), (1, 1))) for glyph in cropped], 1)
    row = row[row.max(1) > 0]
    height, width = (max(1, round(size * ink.BOX / max(row.shape))) for size in row.shape)
    small = np.asarray(Image.fromarray(row).resize((width, height), Image.Resampling.HAMMING))
    small = np.clip(small * (255 / max(1, small.max())), 0, 255)
    canvas = np.zeros((ink.SIDE, ink.SIDE), np.uint8)
    top, left = (ink.SIDE - height) // 2, (ink.SIDE - width) // 2
    canvas[top : top + height, left : left + width] = small
    return torch.from_numpy(canvas)
