import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from torch import Tensor

from resnet import ink, mnist, samples
from resnet.classifier import Classifier

Encoder = Callable[..., bytes]
DIGITS = range(10)


def mass_centre(picture: Tensor) -> tuple[float, float]:
    x, y = ink.centre_of_mass(picture[0].numpy())
    return float(x), float(y)


def moved(strokes: list[Any], scale: float, dx: float, dy: float) -> list[Any]:
    return [[[x * scale + dx, y * scale + dy] for x, y in stroke] for stroke in strokes]


# --- strokes ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    digit=st.sampled_from(DIGITS),
    scale=st.floats(1e-3, 1e4),
    dx=st.floats(-1e5, 1e5),
    dy=st.floats(-1e5, 1e5),
)
def test_where_and_how_large_strokes_are_drawn_does_not_matter(
    digit: int, scale: float, dx: float, dy: float
) -> None:
    strokes = samples.sample(digit)
    picture = ink.from_strokes(strokes)
    other = ink.from_strokes(moved(strokes, scale, dx * scale, dy * scale))
    # Which points are thinned out may hang on the last bit of a float: hence not exactly equal.
    torch.testing.assert_close(other, picture, rtol=0, atol=0.02)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_any_strokes_give_a_centred_picture_of_ink(strokes: list[Any]) -> None:
    picture = ink.from_strokes(strokes)
    assert picture.shape == (1, 32, 32)
    assert picture.dtype == torch.float32
    assert picture.min() >= 0
    assert 0.5 < picture.max() <= 1
    assert_centred(picture, 0.25)


def assert_centred(picture: Tensor, tolerance: float) -> None:
    """The centre of mass in its place, unless the edge of the picture has stopped the ink."""
    for axis, mass in enumerate(mass_centre(picture)):
        moved = sum(ink.edges(picture[0].numpy().max(axis))) / 2 - ink.SIDE / 2
        assert abs(moved) < ink.ROOM + tolerance
        if abs(moved) < ink.ROOM - tolerance:
            assert mass == pytest.approx(ink.CENTRE, abs=tolerance)


def test_ink_far_from_the_rest_stays_in_the_picture() -> None:
    """A heavy scribble in a corner and a dot in the opposite one."""
    picture = ink.from_strokes([[[x % 7, x % 5] for x in range(70)], [[60, 60]]])
    assert picture[0, -8:, -8:].max() == 1
    assert picture[0, :, :].sum() > 20


@pytest.mark.parametrize("digit", DIGITS)
def test_the_larger_side_fills_the_box(digit: int) -> None:
    picture = ink.from_strokes(samples.sample(digit))[0].numpy()
    sides = [np.subtract(*ink.edges(picture.max(axis))[::-1]) for axis in (0, 1)]
    assert max(sides) == pytest.approx(ink.BOX, abs=0.35)


def test_a_line_has_its_width() -> None:
    """A straight stroke covers its rectangle and its round ends."""
    picture = ink.from_strokes([[[0, 0], [0, 1]]])
    area = (ink.BOX - ink.LINE) * ink.LINE + np.pi * (ink.LINE / 2) ** 2
    assert picture.sum().item() == pytest.approx(area, rel=0.02)


def test_strokes_look_like_mnist() -> None:
    """Our ink is as much of a picture as MNIST's, give or take, and as black."""
    drawn = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in DIGITS])
    data = mnist.load().train.first(6000)
    of_each = [ink.frame(data.images[data.labels == digit]).mean() for digit in DIGITS]
    assert drawn.mean().item() == pytest.approx(np.mean(of_each), rel=0.1)
    assert drawn.flatten(1).amax(1).min() == 1


def test_mean_and_deviation_are_those_of_the_training_pictures() -> None:
    pictures = ink.frame(mnist.load().train.images)
    assert pictures.mean().item() == pytest.approx(ink.MEAN, abs=5e-5)
    assert pictures.std().item() == pytest.approx(ink.STD, abs=5e-5)
    assert ink.normalise(pictures).mean().abs() < 1e-3


@pytest.mark.parametrize("strokes", [[], [[]], [[], []]])
def test_no_strokes_give_the_blank_picture(strokes: list[Any]) -> None:
    assert (ink.from_strokes(strokes) == 0).all()


def test_a_dot_is_a_dot_and_not_blown_up() -> None:
    for strokes in ([[[5, 5]]], [[[5, 5], [5, 5], [5, 5]]]):
        assert ink.from_strokes(strokes).sum().item() == pytest.approx(
            np.pi * (ink.LINE / 2) ** 2, abs=0.6
        )


@pytest.mark.parametrize(
    "strokes",
    [
        None,
        7,
        "strokes",
        {"strokes": []},
        [1, 2],
        [[1, 2]],
        [["ab"]],
        [[["1", "2"]]],
        [[[1, 2, 3]]],
        [[[1], [2, 3]]],
        [[[1, None]]],
        [[[1, float("nan")]]],
        [[[1, float("inf")]]],
        [[[1, -1e200]]],
        [[[1, 10**400]]],
        [[[[1, 2]]]],
        [[{"x": 1, "y": 2}]],
        [[[0, 0]] * (ink.MAX_POINTS + 1)],
        [[[0, 0]]] * (ink.MAX_POINTS + 1),
        [[]] * 1_000_000,
    ],
    ids=lambda strokes: repr(strokes)[:30],
)
def test_what_are_no_strokes_is_one_sentence(strokes: Any) -> None:
    with pytest.raises(ink.InkError) as error:
        ink.from_strokes(strokes)
    assert_one_sentence(error.value)


def assert_one_sentence(error: Exception) -> None:
    assert str(error).endswith(".")
    assert "\n" not in str(error)
    assert "/" not in str(error)
    assert len(str(error)) < 120


def test_a_scribble_of_all_points_allowed_is_read() -> None:
    points = np.random.default_rng(0).random((ink.MAX_POINTS, 2)).tolist()
    assert ink.from_strokes([points]).sum() > 100


# --- images ----------------------------------------------------------------------------------


def drawing(
    digit: int, size: tuple[int, int] = (200, 200), box: tuple[int, int, int] = (40, 40, 120),
    width: int = 10, paper: Any = 255, pen: Any = 0, mode: str = "L",
) -> np.ndarray:  # fmt: skip
    """A sample digit drawn with Pillow at a place (left, top, side)."""
    image = Image.new(mode, size, paper)
    draw = ImageDraw.Draw(image)
    left, top, side = box
    for stroke in samples.sample(digit):
        points = [(left + x * side / 100, top + y * side / 100) for x, y in stroke]
        draw.line(points, fill=pen, width=width, joint="curve")
        for x, y in points:
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=pen)
    return np.asarray(image)


def same(picture: Tensor, other: Tensor, mean: float) -> None:
    assert (picture - other).abs().mean() < mean


@pytest.mark.parametrize("digit", DIGITS)
def test_position_and_size_and_aspect_of_an_image(digit: int, encoded: Encoder) -> None:
    picture = ink.from_image(encoded(drawing(digit)))
    assert_centred(picture, 0.3)
    for size, box, width in [
        ((200, 200), (5, 70, 120), 10),
        ((900, 220), (700, 20, 180), 15),
        ((1000, 1400), (300, 200, 600), 50),
        ((64, 60), (7, 5, 48), 4),
    ]:
        other = ink.from_image(encoded(drawing(digit, size, box, width)))
        same(picture, other, mean=0.03 * (ink.BOX / ink.MNIST_BOX) ** 2)


@pytest.mark.parametrize("digit", DIGITS)
def test_colours_of_ink_and_paper(digit: int, encoded: Encoder) -> None:
    picture = ink.from_image(encoded(drawing(digit)))
    for paper, pen in [
        ((0, 0, 0), (255, 255, 255)),
        ((128, 128, 128), (20, 20, 20)),
        ((128, 128, 128), (240, 240, 240)),
        ((245, 240, 220), (30, 40, 160)),
        ((200, 60, 60), (60, 140, 60)),
        ((255, 255, 255), (255, 240, 60)),
    ]:
        other = ink.from_image(encoded(drawing(digit, paper=paper, pen=pen, mode="RGB")))
        torch.testing.assert_close(other, picture, rtol=0, atol=0.02)


@pytest.mark.parametrize("digit", DIGITS)
def test_ink_in_the_alpha_channel(digit: int, encoded: Encoder) -> None:
    picture = ink.from_image(encoded(drawing(digit)))
    for pen in [(0, 0, 0, 255), (255, 255, 255, 255), (10, 20, 200, 255)]:
        for paper in [(0, 0, 0, 0), (255, 255, 255, 0)]:
            other = ink.from_image(encoded(drawing(digit, paper=paper, pen=pen, mode="RGBA")))
            torch.testing.assert_close(other, picture, rtol=0, atol=0.02)
    mask = drawing(digit, paper=0, pen=255)
    for lightness in (0, 255):
        grey = np.full_like(mask, lightness)
        raw = encoded(Image.merge("LA", [Image.fromarray(grey), Image.fromarray(mask)]))
        torch.testing.assert_close(ink.from_image(raw), picture, rtol=0, atol=0.02)


def test_paper_with_a_transparent_rim(encoded: Encoder) -> None:
    pixels = drawing(3, paper=(255, 255, 255, 255), pen=(0, 0, 0, 255), mode="RGBA").copy()
    pixels[:12] = pixels[-12:] = 0
    pixels[:, :12] = pixels[:, -12:] = 0
    picture = ink.from_image(encoded(drawing(3)))
    torch.testing.assert_close(ink.from_image(encoded(pixels)), picture, rtol=0, atol=0.02)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, encoded: Encoder) -> None:
    turn = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = drawing(4, (240, 200))
    stored = Image.fromarray(upright) if turn is None else Image.fromarray(upright).transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = encoded(np.asarray(stored), "JPEG", exif=exif, quality=95)
    same(ink.from_image(raw), ink.from_image(encoded(upright)), mean=0.01)


@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("JPEG", {"quality": 60}), ("WEBP", {"quality": 60})]
)
def test_formats_and_files(
    format: str, options: dict[str, Any], encoded: Encoder, tmp_path: Path
) -> None:
    raw = encoded(drawing(5), format, **options)
    same(ink.from_image(raw), ink.from_image(encoded(drawing(5))), mean=0.02)
    file = tmp_path / "digit"
    file.write_bytes(raw)
    assert torch.equal(ink.from_image(file), ink.from_image(raw))


def test_sixteen_bits_and_palettes(encoded: Encoder) -> None:
    grey = drawing(6)
    picture = ink.from_image(encoded(grey))
    for step in (1, 16, 257):  # 8, 12 and all 16 bits used
        raw = encoded(grey.astype(np.uint16) * step)
        same(ink.from_image(raw), picture, mean=0.001)
    for mode in ("P", "1"):
        raw = encoded(Image.fromarray(grey).convert(mode))
        same(ink.from_image(raw), picture, mean=0.001)


def test_uneven_light_and_noise(encoded: Encoder) -> None:
    clean = drawing(2, paper=210, pen=40).astype(float)
    light = np.linspace(-25, 25, 200)[None, :] + np.linspace(-15, 15, 200)[:, None]
    noise = np.random.default_rng(0).normal(0, 3, clean.shape)
    strong = clean * np.linspace(0.5, 1, 200)[None, :]  # a lamp on the right
    for photo in (clean + light + noise, strong):
        raw = encoded(photo.clip(0, 255).astype(np.uint8))
        same(ink.from_image(raw), ink.from_image(encoded(drawing(2))), mean=0.03)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_small_digit_on_a_large_sheet(digit: int, encoded: Encoder) -> None:
    large = drawing(digit, (2000, 1800), (1500, 900, 40), width=4)
    small = drawing(digit, (60, 60), (10, 10, 40), width=4)
    same(ink.from_image(encoded(large)), ink.from_image(encoded(small)), mean=0.01)


@pytest.mark.parametrize("level", [0, 100, 255])
def test_no_contrast_is_blank(level: int, encoded: Encoder) -> None:
    noise = np.random.default_rng(0).integers(-3, 4, (50, 80))
    for pixels in (np.full((50, 80), level), (level + noise).clip(0, 255)):
        assert (ink.from_image(encoded(pixels.astype(np.uint8))) == 0).all()
    assert (ink.from_image(encoded(np.zeros((30, 30, 4), np.uint8))) == 0).all()
    assert (ink.from_image(encoded(np.zeros((1, 1), np.uint8))) == 0).all()


@pytest.mark.parametrize("size", [(1, 30), (30, 1), (2, 2), (3, 2000), (2000, 3), (2048, 2048)])
def test_extreme_sizes_are_read(size: tuple[int, int], encoded: Encoder) -> None:
    pixels = np.full(size, 255, np.uint8)
    pixels[size[0] // 2, size[1] // 2] = 0
    assert ink.from_image(encoded(pixels)).isfinite().all()


def test_mnist_as_an_image_is_mnist(encoded: Encoder) -> None:
    """But for the half pixel that MNIST's centring rounds to, enlarged."""
    images = mnist.load().train.images[:50]
    pictures = torch.stack([ink.from_image(encoded(image.numpy())) for image in images])
    same(pictures, ink.frame(images), mean=0.05)


def test_position_scale_and_polarity_do_not_change_the_answer(
    classifiers: dict[str, Classifier], encoded: Encoder
) -> None:
    """40 digits of the validation slice, each once as it is and once as another image of it."""
    generator = np.random.default_rng(0)
    plain, varied = [], []
    for image in mnist.load().validation.images[:40].numpy():
        plain.append(ink.from_image(encoded(image)))
        scale = int(generator.integers(2, 24))
        large = np.kron(image, np.ones((scale, scale), np.uint8))
        paper = np.zeros(np.array(large.shape) + generator.integers(0, 400, 2), np.uint8)
        top, left = (
            int(generator.integers(0, room + 1)) for room in np.subtract(paper.shape, large.shape)
        )
        paper[top : top + large.shape[0], left : left + large.shape[1]] = large
        varied.append(ink.from_image(encoded(255 - paper if generator.random() < 0.5 else paper)))
    for classifier in classifiers.values():
        digits = [answer.digit for answer in classifier.answer(torch.stack(plain))]
        assert digits == [answer.digit for answer in classifier.answer(torch.stack(varied))]


# --- hostile images --------------------------------------------------------------------------


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(width + 1) * 50)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def animation(format: str) -> bytes:
    frames = [Image.new("RGB", (30, 30), (level, 0, 0)) for level in (0, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no image",
        b"GIF89a" + bytes(40),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20),
        bomb(2049, 2049),
        bomb(20_000, 20_000),
        bomb(0, 10),
        animation("PNG"),
        animation("WEBP"),
        animation("GIF"),
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_image_is_one_sentence(raw: bytes) -> None:
    with pytest.raises(ink.InkError) as error:
        ink.from_image(raw)
    assert_one_sentence(error.value)


def test_a_jpeg_of_endless_scans_is_one_sentence(encoded: Encoder) -> None:
    raw = encoded(drawing(7), "JPEG", progressive=True)
    last = raw.rindex(ink.JPEG_SCAN)
    assert ink.from_image(raw).max() == 1
    with pytest.raises(ink.InkError, match="more than 100 scans"):
        ink.from_image(raw[:-2] + raw[last:-2] * 200 + raw[-2:])


def test_a_cut_file_is_one_sentence(encoded: Encoder) -> None:
    for format in ink.FORMATS:
        raw = encoded(np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8), format)
        with pytest.raises(ink.InkError):
            ink.from_image(raw[: len(raw) // 2])


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(ink.InkError) as error:
            ink.from_image(path)
        assert_one_sentence(error.value)
