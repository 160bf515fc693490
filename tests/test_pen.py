import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from resnet import ink, pen
from resnet.samples import Stroke
from resnet.styles import DIGITS, HELD_OUT, SYMBOLS, Style

PATHS = [text for styles in [*DIGITS.values(), *HELD_OUT.values(), SYMBOLS] for _, text in styles]


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_there_are_styles_of_every_digit() -> None:
    assert list(DIGITS) == list(range(10))
    assert all(len(styles) >= 5 for styles in DIGITS.values())
    assert all(weight > 0 for styles in DIGITS.values() for weight, _ in styles)


@pytest.mark.parametrize("text", PATHS)
def test_a_path_lies_in_its_box_and_holds_together(text: str) -> None:
    path = pen.Path.read(text)
    assert len(path.strokes) == text.count("/") + 1
    for pieces in path.strokes:
        for piece in pieces:
            assert piece.shape[1] == 3
            assert np.isfinite(piece).all()
            assert (np.abs(piece[:, :2] - 50) <= 60).all()
            assert (piece[:, 2] > 0).all()
            assert (piece[:, 2] <= 12).all()
        for piece, following in itertools.pairwise(pieces):
            assert (piece[-1] == following[0]).all()
        assert sum(len(piece) - 1 for piece in pieces) >= 1


def test_reading_a_path_by_hand() -> None:
    ((first, second), (bar,)) = pen.Path.read("0,10~7 90,2! 40,100 / 20,50 80,50~8").strokes
    assert first.tolist() == [[0, 10, 7], [90, 2, 5]]
    assert second.tolist() == [[90, 2, 5], [40, 100, 5]]
    assert bar.tolist() == [[20, 50, 5], [80, 50, 8]]


def test_a_seed_draws_the_same_and_no_two_drawings_are_alike() -> None:
    same, again = (
        [pen.digit(4, generator) for _ in range(5)] for generator in (random(), random())
    )
    assert same == again
    assert all(a != b for a, b in itertools.combinations(same, 2))


@pytest.mark.parametrize("draw", [pen.symbol, pen.scribble, pen.mark, pen.several])
def test_what_is_drawn_can_be_read(
    draw: Callable[[np.random.Generator], list[Stroke]],
) -> None:
    generator = random()
    for _ in range(40):
        picture = ink.from_strokes(draw(generator))
        assert picture.isfinite().all()
        assert picture.max() == 1


def test_a_stroke_is_one_line() -> None:
    """Corners, ends, bends and joints leave no gap: the pen does not jump."""
    generator = random()
    styles = [*DIGITS.values(), *HELD_OUT.values()]
    for _, text in itertools.chain.from_iterable(styles):
        for stroke in pen.write(pen.Path.read(text), 0.7, generator):
            steps = np.hypot(*np.diff(np.array(stroke), axis=0).T)
            assert steps.max() < 25


def test_only_short_ways_are_joined() -> None:
    one, near, far = np.array([[0.0, 0], [0, 1]]), np.array([[0.3, 0.8], [1, 1]]), np.zeros((2, 2))
    first, second = pen.joined([one, near, far])
    assert (first[0] == one[0]).all()
    assert (first[-2:] == near).all()
    assert np.hypot(*np.diff(first[1:-1], axis=0).T).max() < 0.1
    assert (second == far).all()


def test_a_fast_hand_leaves_some_of_the_same_points() -> None:
    generator = random()
    slow = [pen.write(pen.Path.read(text), 0.7, generator) for text in PATHS]
    for strokes in slow:
        for whole, few in zip(strokes, pen.fast(strokes, generator), strict=True):
            assert len(few) <= len(whole) // 3 + 2
            assert [few[0], few[-1]] == [whole[0], whole[-1]]
            places = [whole.index(point) for point in few]
            assert places == sorted(places)


def test_held_out_styles_are_for_validation_only(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = {text for styles in DIGITS.values() for _, text in styles}
    assert not trained & {text for styles in HELD_OUT.values() for _, text in styles}
    asked = []
    chosen = pen.chosen

    def spy(styles: list[Style], generator: np.random.Generator) -> pen.Path:
        asked.append(styles)
        return chosen(styles, generator)

    monkeypatch.setattr(pen, "chosen", spy)
    generator = random()
    for held_out in (False, True):
        asked.clear()
        for digit in 200 * [9] + [0]:
            pen.digit(digit, generator, held_out)
        assert (60 < asked.count(HELD_OUT[9]) < 140) == held_out
        assert asked.count(DIGITS[9]) == 200 - asked.count(HELD_OUT[9])
        assert asked[-1] == DIGITS[0]


def lean(stroke: Stroke) -> float:
    """Degrees between a stroke's two ends and the upright."""
    (x0, y0), (x1, y1) = stroke[0], stroke[-1]
    return math.degrees(math.atan2(abs(x1 - x0), abs(y1 - y0)))


def test_a_marked_line_lies_and_a_one_stands() -> None:
    generator = random()
    marks = [pen.mark(generator) for _ in range(200)]
    lines = [strokes[0] for strokes in marks if len(strokes[0]) > 2]
    assert len(lines) > 100
    assert min(map(lean, lines)) > 50
    bars = [pen.write(pen.Path.read("50,0 50,50~3 50,100"), 0.7, generator) for _ in range(200)]
    assert max(lean(max(bar, key=len)) for bar in bars) < 50


def test_several_are_wider_or_taller_than_one() -> None:
    def extent(strokes: list[Stroke]) -> float:
        points = np.concatenate([np.array(stroke) for stroke in strokes])
        return float((points.max(0) - points.min(0)).max())

    generator = random()
    one = np.mean([extent(pen.digit(i % 10, generator)) for i in range(100)])
    more = np.mean([extent(pen.several(generator)) for _ in range(100)])
    assert more > 1.4 * one
