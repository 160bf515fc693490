"""A random hand that writes the styles: what MNIST lacks, drawn as strokes.

Everything that tells two hands apart is drawn at random: knots out of place, the shape of the
writing (narrow, slanted, turned, bent), the tremor of pen or finger, strokes that stop short, run
over, miss each other or are joined, hooks where the pen comes down or leaves, and how many points
the screen got of it all.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from resnet.samples import Stroke, glide
from resnet.styles import DIGITS, HELD_OUT, SYMBOLS, Style

DIGIT_WIDTH, SIGN_WIDTH = 0.7, 0.9  # of the height, in the middle of what hands write
SPREAD = 5.0  # where a knot's own is not given, in hundredths of the box
CORNER = "!"
LIFTED = 0.45  # of the height: over longer ways nobody leaves the pen on the paper


@dataclass(frozen=True)
class Path:
    """A style ready to be written: strokes of pieces, a piece from one corner to the next."""

    strokes: tuple[tuple[np.ndarray, ...], ...]  # pieces (knots, 3): x, y, spread

    @staticmethod
    @functools.cache
    def read(text: str) -> "Path":
        strokes = []
        for part in text.split("/"):
            pieces: list[list[tuple[float, float, float]]] = [[]]
            for word in part.split():
                place, _, spread = word.rstrip(CORNER).partition("~")
                x, y = map(float, place.split(","))
                knot = (x, y, float(spread or SPREAD))
                pieces[-1].append(knot)
                if word.endswith(CORNER):
                    pieces.append([knot])
            strokes.append(tuple(np.array(piece) for piece in pieces if len(piece) > 1))
        return Path(tuple(strokes))


def digit(label: int, random: np.random.Generator, held_out: bool = False) -> list[Stroke]:
    """A digit in one of its styles, by a hand of its own: strokes as a pad would send them.

    For validation half of the labels that have styles of HELD_OUT are written in one of those.
    """
    styles = DIGITS[label]
    if held_out and random.random() < 0.5:
        styles = HELD_OUT.get(label, styles)
    strokes = write(chosen(styles, random), DIGIT_WIDTH, random)
    return fast(strokes, random) if random.random() < 0.15 else strokes


def symbol(random: np.random.Generator) -> list[Stroke]:
    """A sign or a letter that nobody takes for a digit."""
    return write(chosen(SYMBOLS, random), SIGN_WIDTH, random)


def chosen(styles: Sequence[Style], random: np.random.Generator) -> Path:
    weights = np.array([weight for weight, _ in styles])
    return Path.read(styles[random.choice(len(styles), p=weights / weights.sum())][1])


def write(path: Path, width: float, random: np.random.Generator) -> list[Stroke]:
    care = random.uniform(0.2, 1.1)  # of the whole hand: from tidy to hasty
    lines = []
    for pieces in path.strokes:
        corner = None
        line: list[np.ndarray] = []
        for piece in pieces:
            knots = piece[:, :2] + care * piece[:, 2:] * random.normal(size=(len(piece), 2))
            if corner is not None:  # the next piece begins where the last one ended
                knots[0] = corner
            corner = knots[-1]
            line.append(np.array(glide(knots, 12)))
        lines.append(at_the_ends(np.concatenate(line), care, random))
    bend = bending(random)
    shape = shaping(width, random)
    lines = [bend(line / 100 - 0.5) @ shape.T for line in lines]
    if len(lines) > 1:  # strokes that miss each other
        lines = [line + random.normal(0, 0.025 * care, 2) for line in lines]
    if random.random() < 0.15:
        lines = joined(lines)
    shake = random.choice([0, 0, random.uniform(0.002, 0.012)])
    lines = [line + tremor(len(line), shake, random) for line in lines]
    if random.random() < 0.1:  # a finger's tremor is slower and larger than a pen's
        shake = random.uniform(0.004, 0.008)
        lines = [line + tremor(len(line), shake, random, even=12) for line in lines]
    return [(line * 100).round(2).tolist() for line in lines]


def joined(lines: list[np.ndarray]) -> list[np.ndarray]:
    """Strokes whose pen was not lifted on the short ways between them."""
    whole = [lines[0]]
    for line in lines[1:]:
        way = np.linspace(whole[-1][-1], line[0], 8)
        if math.hypot(*(way[-1] - way[0])) < LIFTED:
            whole[-1] = np.concatenate([whole[-1], way[1:-1], line])
        else:
            whole.append(line)
    return whole


def fast(strokes: list[Stroke], random: np.random.Generator) -> list[Stroke]:
    """The few points that a screen gets of a quick hand, first and last of each stroke included."""
    step = int(random.integers(3, 9))
    return [[*stroke[:-1:step], stroke[-1]] for stroke in strokes]


def at_the_ends(line: np.ndarray, care: float, random: np.random.Generator) -> np.ndarray:
    """Stop short or run over; sometimes a hook, where the pen comes down or leaves."""
    for _ in range(2):  # one end, then the other
        line = line[::-1]
        tip = line[-1] - line[max(-6, -len(line))]
        if random.random() < 0.3:
            short = int(random.uniform(0, 0.06) * care * len(line))
            line = line[: len(line) - short] if short else line
        elif random.random() < 0.3:
            line = np.vstack([line, line[-1] + tip * random.uniform(0.1, 0.7) * care])
        if random.random() < 0.08:
            turn = random.uniform(1.5, 2.8) * random.choice([-1, 1])
            length = math.hypot(*tip) + 1e-6
            hook = turned(turn) @ tip / length * random.uniform(3, 10)
            line = np.vstack([line, line[-1] + hook / 2, line[-1] + hook])
    return line


def turned(angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def shaping(width: float, random: np.random.Generator) -> np.ndarray:
    """(2, 2): how narrow, how slanted (most people lean right), and how turned."""
    width *= math.exp(random.normal(0, 0.28))
    slant = np.clip(random.normal(0.12, 0.22), -0.5, 0.7)
    shear = np.array([[1.0, -slant], [0.0, 1.0]])
    return turned(random.normal(0, 0.09)) @ shear @ np.diag([width, 1.0])


def bending(random: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A smooth displacement of the whole box: two waves of random direction and phase."""
    waves = random.normal(0, 1.1, (2, 2)) * math.pi
    phases = random.uniform(0, 2 * math.pi, 2)
    heights = random.normal(0, 0.03, (2, 2))

    def bend(points: np.ndarray) -> np.ndarray:
        return points + np.sin(points @ waves.T + phases) @ heights

    return bend


def tremor(points: int, size: float, random: np.random.Generator, even: int = 4) -> np.ndarray:
    """(points, 2) of noise that is even over a few points, as a hand's is."""
    noise = random.normal(0, size, (points + even, 2)).cumsum(0)
    return noise[even:] - noise[:-even]


# --- what is no digit ------------------------------------------------------------------------


def scribble(random: np.random.Generator) -> list[Stroke]:
    """The pen wanders: too many turns for a digit."""
    strokes = []
    for _ in range(random.integers(1, 4)):
        knots = random.integers(7, 22)
        if random.random() < 0.5:
            places = random.uniform(0, 100, (knots, 2))
        else:  # to and fro, as one fills or strikes out
            along = np.linspace(0, 100, knots) + random.normal(0, 6, knots)
            across = 50 + random.uniform(20, 50) * np.resize([-1, 1], knots)
            places = (np.stack([along, across], 1) - 50) @ turned(random.uniform(0, 6.3)).T
        strokes.append(glide(places + random.normal(0, 5, places.shape)))
    return strokes


def mark(random: np.random.Generator) -> list[Stroke]:
    """A dot, a line or two that are no 1: lying rather than standing."""
    if random.random() < 0.3:
        return [
            [[x, y]] * 2 for x, y in random.uniform(0, 100, (random.integers(1, 4), 2)).tolist()
        ]
    angle = math.pi / 2 + random.uniform(-0.55, 0.55)
    line = np.stack([np.zeros(6), np.linspace(-50, 50, 6)], 1) @ turned(angle).T
    bent = glide(line + random.normal(0, 2, line.shape))
    return [bent, *symbol(random)] if random.random() < 0.15 else [bent]


def several(random: np.random.Generator) -> list[Stroke]:
    """Two to four digits or signs: side by side, one below the other, or one over the other."""
    strokes = []
    # How far the next one is moved, in boxes of a digit.
    across, down = [(1, 0), (1, 0), (1, 0), (0, 1.2), (0.5, 0.5)][random.integers(5)]
    count = random.choice([2, 2, 2, 3, 4]) if across == 1 else 2
    gap = random.uniform(60, 120)
    for place in range(count):
        sign = symbol(random) if random.random() < 0.2 else digit(int(random.integers(10)), random)
        size = random.uniform(0.8, 1.1)
        move = np.array([across, down]) * place * gap + random.normal(0, 5, 2)
        strokes += [(np.array(stroke) * size + move).tolist() for stroke in sign]
    return strokes
