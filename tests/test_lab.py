from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from resnet import ink, lab, samples
from resnet.lab import PEN, STEPS

Encoder = Callable[..., bytes]
ALL = list(STEPS)
NAN = float("nan")
pens = st.floats(lab.THINNEST, lab.THICKEST)
some_steps = st.lists(st.sampled_from(STEPS))

# A stroke straight down, from 100 to 300 units below the top, 200 from the left.
DOWN = [[[200, 100], [200, 300]]]


def on_sheet(digit: int, side: float = 800, left: float = 100, top: float = 100) -> list[Any]:
    """A sample digit as a pen would leave it on the sheet."""
    return [
        [[left + x * side / 100, top + y * side / 100] for x, y in stroke]
        for stroke in samples.sample(digit)
    ]


def box_of(picture: Tensor) -> tuple[float, float, float, float]:
    """left, right, top, bottom of the ink in pixels."""
    level = picture[0].numpy()
    return *ink.edges(level.max(0)), *ink.edges(level.max(1))


def mass_centre(picture: Tensor) -> list[float]:
    return ink.centre_of_mass(picture[0].numpy()).tolist()


# --- all steps on: what the nets always see ----------------------------------------------------


@settings(deadline=None)
@given(
    digit=st.integers(0, 9), side=st.floats(20, 2000), left=st.floats(-500, 1000),
    top=st.floats(-500, 1000), pen=pens,
)  # fmt: skip
def test_with_all_steps_on_strokes_give_the_picture_of_ink(
    digit: int, side: float, left: float, top: float, pen: float
) -> None:
    """Exactly, wherever and however thick they were drawn: even beside the sheet."""
    strokes = on_sheet(digit, side, left, top)
    *_, last = lab.from_strokes(strokes, ALL, pen)
    assert torch.equal(last, ink.from_strokes(strokes))


@pytest.mark.parametrize("strokes", [[[[5, 5]]], [[[5, 5], [5, 5]]], DOWN])
def test_a_dot_and_a_line_too(strokes: list[Any]) -> None:
    *_, last = lab.from_strokes(strokes, ALL, PEN)
    assert torch.equal(last, ink.from_strokes(strokes))


@pytest.mark.parametrize("shape", [(200, 200), (90, 340), (340, 90), (2000, 1800)])
def test_with_all_steps_on_an_image_gives_the_picture_of_ink(
    shape: tuple[int, int], encoded: Encoder
) -> None:
    """Exactly: both are one resampling of one window."""
    raw = encoded(image(shape))
    *_, last = lab.from_image(raw, ALL)
    assert torch.equal(last, ink.from_image(raw))


def image(shape: tuple[int, int]) -> np.ndarray:
    """Dark on light: a block of a fifth of the size whose mass is not in its middle."""
    pixels = np.full(shape, 255, np.uint8)
    high, wide = shape[0] // 5, shape[1] // 5
    pixels[high : 2 * high, wide : 2 * wide] = 0
    pixels[2 * high : 3 * high, wide : wide + wide // 3] = 0
    return pixels


# --- each step does what it says ---------------------------------------------------------------


def test_the_steps_of_a_stroke_worked_by_hand() -> None:
    """Thick 40 and long 200 + 40 on a sheet of 1000."""
    drawn, cropped, boxed, lined, centred = lab.from_strokes(DOWN, ALL, 40)
    # 32 pixels to 1000 units: 0.032 a unit. The pen is 1.28 pixels wide.
    assert box_of(drawn) == pytest.approx((5.76, 7.04, 2.56, 10.24), abs=0.15)
    # 32 pixels to 240 units: the stroke touches top and bottom, 5.33 pixels wide in the middle.
    assert box_of(cropped) == pytest.approx((16 - 2.67, 16 + 2.67, 0, 32), abs=0.15)
    # 28 pixels to 240 units.
    assert box_of(boxed) == pytest.approx((16 - 2.33, 16 + 2.33, 2, 30), abs=0.15)
    # Just as long, but 3.64 pixels wide.
    assert box_of(lined) == pytest.approx((16 - 1.82, 16 + 1.82, 2, 30), abs=0.15)
    # Half a pixel to the right and down.
    assert box_of(centred) == pytest.approx((16.5 - 1.82, 16.5 + 1.82, 2.5, 30.5), abs=0.15)


def test_the_steps_of_an_image_worked_by_hand(encoded: Encoder) -> None:
    """A block of 20 x 40 pixels on 160 x 80: as drawn it lies in a square of 160."""
    pixels = np.full((80, 160), 255, np.uint8)
    pixels[10:50, 120:140] = 0
    drawn, cropped, boxed, lined, centred = lab.from_image(encoded(pixels), ALL)
    assert box_of(drawn) == pytest.approx((24, 28, 8 + 2, 8 + 10), abs=0.1)
    assert box_of(cropped) == pytest.approx((8, 24, 0, 32), abs=0.1)
    assert box_of(boxed) == pytest.approx((9, 23, 2, 30), abs=0.1)
    assert torch.equal(lined, boxed)
    assert box_of(centred) == pytest.approx((9.5, 23.5, 2.5, 30.5), abs=0.1)


@settings(deadline=None)
@given(digit=st.integers(0, 9), pen=st.sampled_from((20, 52, 160)), on=some_steps)
def test_a_step_that_is_off_leaves_its_picture_as_it_was(
    digit: int, pen: float, on: list[str]
) -> None:
    strokes = on_sheet(digit, 300)
    pictures = lab.from_strokes(strokes, on, pen)
    assert len(pictures) == 1 + len(STEPS)
    for step, before, after in zip(STEPS, pictures, pictures[1:], strict=False):
        assert after.dtype == torch.float32
        assert torch.equal(before, after) == (step not in on)


def test_without_the_box_the_ink_fills_the_picture() -> None:
    sides = box_of(lab.from_strokes(on_sheet(0, 300), ["crop", "line"], PEN)[-1])
    assert max(sides[1] - sides[0], sides[3] - sides[2]) == pytest.approx(32, abs=0.3)


def test_without_the_crop_the_whole_sheet_is_boxed() -> None:
    """A line along the sheet's edges fills the box, half the pen outside it."""
    edge = [[[0, 0], [1000, 0], [1000, 1000], [0, 1000], [0, 0]]]
    boxed = lab.from_strokes(edge, ["box"], 100)[-1]
    # The pen is a tenth of the sheet: 2.8 pixels, 1.4 of them outside on each side.
    assert box_of(boxed) == pytest.approx((0.6, 31.4, 0.6, 31.4), abs=0.1)


def test_centring_moves_the_mass_as_far_as_the_box_has_room() -> None:
    near = lab.from_strokes(on_sheet(3, 200, 400, 350), ["centre"], PEN)[-1]
    assert mass_centre(near) == pytest.approx([ink.CENTRE] * 2, abs=0.1)
    before, *_, after = lab.from_strokes(on_sheet(3, 200, 0, 800), ["centre"], PEN)
    moved = np.subtract(mass_centre(after), mass_centre(before))
    assert moved == pytest.approx([ink.ROOM, -ink.ROOM], abs=0.1)


@settings(deadline=None)
@given(digit=st.integers(0, 9), pen=pens, on=some_steps)
def test_the_pen_matters_without_the_line_step_only(digit: int, pen: float, on: list[str]) -> None:
    thin, thick = (
        lab.from_strokes(on_sheet(digit), on, width)[-1] for width in (pen, lab.THICKEST)
    )
    if "line" in on or pen == lab.THICKEST:
        assert torch.equal(thin, thick)
    elif pen < 150:
        assert thin.sum() < thick.sum()


def test_a_tiny_seven_in_a_corner_is_misread_unprepared(classifiers: dict[str, Any]) -> None:
    """The lesson of the lab, on the nets as they are."""
    seven = on_sheet(7, 200, 30, 30)
    for classifier in classifiers.values():
        raw, *_, ready = classifier.answer(torch.stack(lab.from_strokes(seven, ALL, PEN)))
        assert ready.digit == 7
        assert raw.digit != 7


# --- nothing to see, and nonsense --------------------------------------------------------------


@pytest.mark.parametrize("on", [[], ALL])
def test_nothing_gives_blank_pictures(on: list[str], encoded: Encoder) -> None:
    paper = encoded(np.full((50, 80), 200, np.uint8))
    for pictures in (lab.from_strokes([], on, PEN), lab.from_image(paper, on)):
        assert len(pictures) == 1 + len(STEPS)
        assert not torch.stack(pictures).any()


def test_strokes_beside_the_sheet_are_not_seen_until_a_step_finds_them() -> None:
    beside = on_sheet(7, 200, 3000, 3000)
    drawn, cropped, *_ = lab.from_strokes(beside, ALL, PEN)
    assert not drawn.any()
    assert cropped.any()
    assert not torch.stack(lab.from_strokes(beside, ["centre"], PEN)).any()


@settings(deadline=None)
@given(
    strokes=st.lists(
        st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)), min_size=1, max_size=6),
        max_size=3,
    ),
    on=some_steps,
    pen=pens,
)
def test_any_strokes_give_pictures(strokes: list[Any], on: list[str], pen: float) -> None:
    pictures = torch.stack(lab.from_strokes(strokes, on, pen))
    assert pictures.shape == (5, 1, 32, 32)
    assert pictures.min() >= 0
    assert pictures.max() <= 1


@pytest.mark.parametrize(
    ("strokes", "on", "pen"),
    [
        (None, ALL, PEN),
        ([[[1, NAN]]], ALL, PEN),
        ([[[1, 1e90]]], [], PEN),
        (DOWN, None, PEN),
        (DOWN, "crop", PEN),
        (DOWN, {"crop": True}, PEN),
        (DOWN, ["crop", "blur"], PEN),
        (DOWN, [["crop"]], PEN),
        (DOWN, [7, None], PEN),
        (DOWN, ALL, None),
        (DOWN, ALL, "52"),
        (DOWN, ALL, True),
        (DOWN, ALL, [52]),
        (DOWN, ALL, NAN),
        (DOWN, ALL, float("inf")),
        (DOWN, ALL, 10**400),
        (DOWN, ALL, 0),
        (DOWN, ALL, -52),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_nonsense_is_one_sentence(strokes: Any, on: Any, pen: Any) -> None:
    with pytest.raises(ink.InkError, match=r"^[A-Z][^\n/]{1,100}\.$"):
        lab.from_strokes(strokes, on, pen)


@pytest.mark.parametrize(("raw", "on"), [(b"no image", ALL), (None, ["blur"]), (None, 7)])
def test_nonsense_with_an_image_is_one_sentence(
    raw: bytes | None, on: Any, encoded: Encoder
) -> None:
    with pytest.raises(ink.InkError, match=r"^[A-Z][^\n/]{1,100}\.$"):
        lab.from_image(raw or encoded(image((60, 60))), on)
