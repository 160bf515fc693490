import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from resnet import ink, lenses, mnist, pen, samples, several
from resnet.classifier import Answer, Classifier, numbered
from resnet.samples import Stroke, glide
from resnet.styles import DIGITS
from resnet.surgery import INTACT, Unit, without
from ui.reading import Reader

WIDTH = 70  # of a sample's part of a number


def number(digits: str, apart: float = WIDTH, scale: float = 1.0) -> list[Stroke]:
    """The samples of these digits, side by side."""
    return [
        [[scale * (x + place * apart), scale * y] for x, y in stroke]
        for place, digit in enumerate(digits)
        for stroke in samples.sample(int(digit))
    ]


def lines(strokes: Any) -> list[np.ndarray]:
    return ink.checked(strokes)


def of_each(digits: str) -> list[list[int]]:
    """The strokes of each digit, as number() draws them."""
    counts = [len(samples.sample(int(digit))) for digit in digits]
    ends = itertools.accumulate(counts)
    return [list(range(end - count, end)) for end, count in zip(ends, counts, strict=True)]


@given(st.text("0123456789", min_size=2, max_size=several.MOST), st.sampled_from([0.01, 1, 300]))
def test_digits_side_by_side_are_told_apart(digits: str, scale: float) -> None:
    found = several.split(lines(number(digits, scale=scale)))
    assert [sorted(group) for group in found] == of_each(digits)


@given(st.permutations(range(5)))
def test_in_whatever_order_the_strokes_are_drawn(order: list[int]) -> None:
    strokes = lines(number("4507"))
    found = several.split([strokes[number] for number in order])
    drawn = [sorted(order[number] for number in group) for group in found]
    assert drawn == of_each("4507")


def in_style(text: str) -> list[np.ndarray]:
    """The strokes of a style, by a hand that never errs."""
    return [
        np.concatenate([glide(piece[:, :2], 12) for piece in pieces]) * [pen.DIGIT_WIDTH, 1]
        for pieces in pen.Path.read(text).strokes
    ]


def test_a_digit_in_nearly_any_style_is_one() -> None:
    """But where a stroke stands beside the rest, the whole is still asked first."""
    divided = []
    for text in [text for styles in DIGITS.values() for _, text in styles]:
        divided += [text] if several.split(in_style(text)) else []
    assert len(divided) < 4, divided


TALL = [[[0, 0], [5, 100]]]
BESIDE: dict[str, list[Stroke]] = {
    "a comma": [[[40, 90], [38, 104]]],
    "a dot": [[[40, 100]]],
    "one below the other": [[[40, 120], [45, 220]]],
    "a crossing line": [[[-30, 50], [60, 50]]],
    "too many": [[[40 * i, 0], [40 * i + 5, 100]] for i in range(1, several.MOST + 1)],
    "too many strokes": [[[40, 3 * i], [60, 3 * i + 1]] for i in range(several.STROKES)],
    "nothing": [[]],
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_no_number_is_not_divided(what: str) -> None:
    assert len(several.split(lines([*TALL, [[40, 0], [45, 100]]]))) == 2
    assert several.split(lines([*TALL, *BESIDE[what]])) == []


def test_points_alone_are_not_divided() -> None:
    assert several.split(lines([[[0, 0]], [[50, 0]]])) == []


def test_each_digit_is_a_drawing_of_its_own() -> None:
    drawing = several.from_strokes(number("2026"))
    assert torch.equal(drawing.whole, ink.from_strokes(number("2026")))
    expected = [ink.from_strokes(samples.sample(digit)) for digit in (2, 0, 2, 6)]
    assert drawing.digits.shape == (4, 1, 32, 32)
    assert (drawing.digits - torch.stack(expected)).abs().max() < 1e-4
    assert drawing.last == 3


def test_the_last_digit_is_the_one_with_the_last_stroke() -> None:
    first, *rest = number("15")
    assert several.from_strokes([*rest, first]).last == 0


def test_one_digit_is_as_ever() -> None:
    for digit in range(10):
        drawing = several.from_strokes(samples.sample(digit))
        assert torch.equal(drawing.whole, ink.from_strokes(samples.sample(digit)))
        assert len(drawing.digits) == 0
    assert not several.from_strokes([]).whole.any()
    with pytest.raises(ink.InkError):
        several.from_strokes("12")


# --- what the nets say of it ------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["12", "70", "314", "2026", "86420", "97531864"])
def test_both_nets_read_numbers(classifiers: dict[str, Classifier], digits: str) -> None:
    drawing = several.from_strokes(number(digits))
    for net in classifiers.values():
        (answer,) = net.read([drawing])
        assert answer.number == digits
        assert (answer.digit, answer.reason) == (None, "not a digit")
        assert list(answer.digits) == net.answer(drawing.digits)


def test_what_is_read_as_a_digit_stays_one(classifiers: dict[str, Classifier]) -> None:
    random = np.random.default_rng(0)
    drawn = [pen.digit(place % 10, random) for place in range(60)]
    drawn += [pen.symbol(random) for _ in range(20)] + [number("12")]
    drawings = [several.from_strokes(strokes) for strokes in drawn]
    wholes = torch.stack([drawing.whole for drawing in drawings])
    for net in classifiers.values():
        for before, now in zip(net.answer(wholes), net.read(drawings), strict=True):
            assert (now.digit, now.reason) == (before.digit, before.reason)
            assert not (now.number and before.digit is not None)
        assert net.read([]) == []


def test_a_nine_whose_stem_stands_apart_is_a_nine(classifiers: dict[str, Classifier]) -> None:
    nine = in_style("72,12 44,0 16,20 22,46 54,53 76,42 / 84,4 82,55 79,100")
    drawing = several.from_strokes([line.tolist() for line in nine])
    assert len(drawing.digits) == 2
    for net in classifiers.values():
        (answer,) = net.read([drawing])
        assert (answer.digit, answer.number) == (9, "")


def test_a_sign_beside_a_digit_is_no_number(classifiers: dict[str, Classifier]) -> None:
    cross = [[[100, 20], [160, 80]], [[160, 20], [100, 80]]]
    drawing = several.from_strokes([*samples.sample(3), *cross])
    assert len(drawing.digits) == 2
    for net in classifiers.values():
        (answer,) = net.read([drawing])
        assert (answer.digit, answer.number, answer.reason) == (None, "", "not a digit")


@pytest.mark.parametrize("is_digit", [several.LIKELY, several.LIKELY - 1e-6])
def test_each_digit_of_a_number_is_likely(is_digit: float) -> None:
    whole = Answer(None, [0.1] * 10, 0.01, "not a digit")
    sure = Answer(1, [0.0] * 10, 0.99)
    answer = numbered(whole, [sure, replace(sure, digit=4, is_digit=is_digit)])
    assert answer.number == ("14" if is_digit >= several.LIKELY else "")
    assert numbered(whole, [sure, replace(sure, digit=None)]) == whole
    assert numbered(whole, []) == whole


def test_as_json_only_a_number_has_more() -> None:
    one = Answer(1, [0.0] * 10, 0.9)
    assert list(one.as_json()) == ["digit", "probabilities", "is_digit", "reason"]
    whole = Answer(None, [0.1] * 10, 0.1, "not a digit", (one, Answer(2, [0.0] * 10, 0.8)))
    said = json.loads(json.dumps(whole.as_json()))
    assert said["digit"] is None
    assert said["number"] == "12"
    assert [set(digit) for digit in said["digits"]] == [set(one.as_json())] * 2


def test_cut_nets_read_the_digits_of_a_number(classifiers: dict[str, Classifier]) -> None:
    drawing = several.from_strokes(number("26"))
    for variant, net in classifiers.items():
        (whole,) = net.read([drawing])
        assert net.reread(drawing, whole, INTACT) is whole
        cut = net.reread(drawing, whole, without([2]))
        alone = [net.dissect(picture, without([2]), "maps")[0] for picture in drawing.digits]
        assert [digit.digit for digit in cut.digits] == [answer.digit for answer in alone]
        if variant == "residual":
            assert cut.number == "26"


# --- what the page gets -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(classifiers: dict[str, Classifier]) -> Reader:
    return Reader(classifiers, mnist.FOLDER)


def board(units: tuple[Unit, ...], lens: str = lenses.LENSES[0]) -> dict[str, Any]:
    return {"units": [vars(unit) for unit in units], "lens": lens}


def test_programs_get_the_number(reader: Reader) -> None:
    for answer in reader.strokes(number("12")).values():
        assert (answer["digit"], answer["number"]) == (None, "12")


@pytest.mark.parametrize(("part", "shown"), [(None, 2), (0, 0), (1, 1), (7, 2)])
def test_one_digit_is_looked_into(reader: Reader, part: int | None, shown: int) -> None:
    asked = {"strokes": number("507"), "part": part}
    alone = {"strokes": samples.sample((5, 0, 7)[shown])}
    reply = reader.read(asked)
    assert reply["part"] == shown
    assert reply["picture"] == reader.read(alone)["picture"]
    for units in (INTACT, without([2])):
        inside = reader.read({**asked, "board": board(units)})
        assert inside["board"] == reader.read({**alone, "board": board(units)})["board"]
    assert inside["answers"]["residual"]["number"] == "507"
    ways = reader.every_way({**asked, "net": "plain"})
    assert ways == reader.every_way({**alone, "net": "plain"})


def test_in_the_lab_nothing_is_divided(reader: Reader) -> None:
    reply = reader.read({"strokes": number("12"), "lab": {"on": ["crop", "box"], "pen": 52}})
    assert "part" not in reply
    assert "number" not in reply["answers"]["plain"]


@pytest.mark.parametrize("part", [-1, 8, "0", True, 0.0])
def test_a_digit_that_there_is_not(reader: Reader, part: Any) -> None:
    with pytest.raises(Exception, match="no such digit"):
        reader.read({"strokes": number("12"), "part": part})
