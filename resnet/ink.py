"""A drawing, strokes or an image, -> the (1, 32, 32) picture the nets see.

MNIST's digits were scaled into a box of 20 pixels, aspect kept, and placed on 28x28 with their
centre of mass in the middle (LeCun et al.: Gradient-Based Learning Applied to Document
Recognition, 1998, section III.A). A drawing goes the same way, so where and how large it was
drawn is forgotten; strokes are drawn anew at MNIST's line width, so how thick is forgotten too.
But our box has 28 pixels of 32, lines widened alike: the nets halve a picture twice before their
first unit, and read a larger digit better (bench/levers.py).

A picture is float32, 0 for paper and 1 for ink.
"""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from resnet.language import t

SIDE = 32  # pixels of a picture, each way
MNIST_BOX = 20  # pixels of the larger side of MNIST's digits
MNIST_LINE = 2.6  # pixels, the width of MNIST's lines
BOX = 28  # and of a digit as the nets see it
LINE = MNIST_LINE * BOX / MNIST_BOX  # pixels
# Where the centre of mass goes. MNIST puts it on the middle of pixel 14 of 28, half a pixel past
# the picture's own middle (its 60,000 training digits average 14.00 +- 0.29).
CENTRE = 14.5 + (SIDE - 28) / 2
ROOM = (SIDE - BOX) / 2  # how far the box may move for that, or ink would leave the picture
MEAN, STD = 0.1977, 0.3512  # of the training pictures

MAX_POINTS = 20_000
MAX_PIXELS = 4 * 1024 * 1024
# A progressive JPEG comes in about ten scans, each a pass over all pixels; thousands of them, a few
# bytes each, would keep a decoder busy for minutes.
JPEG_SCAN, MAX_SCANS = b"\xff\xda", 100
FORMATS = ("PNG", "JPEG", "WEBP")
COARSE = 400  # an image is read in blocks that are at least this many a side
MIN_CONTRAST = 0.1  # of the full range; less than this is paper, not ink


class InkError(ValueError):
    """A drawing that cannot be read; the message is one sentence for the person who drew it."""


def normalise(pictures: Tensor) -> Tensor:
    """Scaled as both nets were trained: zero mean, unit deviation over MNIST."""
    return (pictures - MEAN) / STD


def frame(digits: Tensor) -> Tensor:
    """MNIST's own (N, 28, 28) uint8, or pictures as uint8, -> pictures (N, 1, 32, 32)."""
    margin = (SIDE - digits.shape[-1]) // 2
    pictures = F.pad(digits[:, None].float() / 255, [margin] * 4)
    return in_our_box(pictures) if margin else pictures


def in_our_box(pictures: Tensor) -> Tensor:
    """(N, 1, 32, 32) of digits in a box of MNIST's size -> the same in ours, as drawings lie there.

    Enlarged about where the centre of mass goes; as far as that would lead ink out of the picture,
    it stays inside, as it does in shift_to_centre.
    """
    scale = BOX / MNIST_BOX
    if scale == 1:
        return pictures
    middle = middles(pictures[:, 0] > 0)
    wanted = (CENTRE + scale * (middle - CENTRE)).clamp(SIDE / 2 - ROOM, SIDE / 2 + ROOM)
    # From a place in the new picture to its place in the old, both -1 to 1 from edge to edge.
    affine = torch.eye(2).div(scale).repeat(len(pictures), 1, 1)
    move = (middle - SIDE / 2 - (wanted - SIDE / 2) / scale) * 2 / SIDE
    affine = torch.cat([affine, move[:, :, None]], 2).to(pictures.device)
    grid = F.affine_grid(affine, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", align_corners=False).clamp(0, 1)


def middles(inked: Tensor) -> Tensor:
    """(N, SIDE, SIDE) bool -> (N, 2), the middle (x, y) of the box around what is true."""
    axes = torch.stack([inked.any(1), inked.any(2)], 1).cpu().to(torch.uint8)
    first, past = axes.argmax(2), SIDE - axes.flip(2).argmax(2)
    return (first + past) / 2


def grey_levels(picture: Tensor) -> bytes:
    """A picture as SIDE x SIDE bytes, 0 for paper and 255 for ink, row by row."""
    return (picture * 255).round().to(torch.uint8).numpy().tobytes()


def from_grey_levels(levels: bytes) -> Tensor:
    """The picture (1, 32, 32) of such bytes. Raises InkError where there are more or fewer."""
    if len(levels) != SIDE * SIDE:
        raise InkError(t("The picture is incomplete."))
    return torch.tensor(list(levels)).reshape(1, SIDE, SIDE) / 255


# --- strokes ---------------------------------------------------------------------------------


def from_strokes(strokes: Any, width: float = LINE) -> Tensor:
    """Pen strokes [[[x, y], ...], ...], y down, any units -> picture (1, 32, 32).

    The lines get this width in pixels. No strokes give the blank picture, all zero. Raises InkError
    for anything but lists of pairs of finite numbers, and for more than MAX_POINTS points.
    """
    lines = checked(strokes)
    if not lines:
        return torch.zeros(1, SIDE, SIDE)
    middle, extent = span(lines)
    return drawn(mapped(lines, middle, scale_to(BOX, extent, width)), width)


def span(lines: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """The middle (x, y) of all points and the larger side of the box around them."""
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, float((high - low).max())


def scale_to(side: float, extent: float, width: float) -> float:
    """Pixels a unit that bring points of this extent to a side, the lines' width included."""
    return (side - width) / extent if extent > 1e-100 else 1.0


def mapped(lines: list[np.ndarray], middle: np.ndarray, scale: float) -> list[np.ndarray]:
    """The lines in pixels, this middle of theirs in the middle of the picture."""
    return [thinned((line - middle) * scale + SIDE / 2) for line in lines]


def drawn(lines: list[np.ndarray], width: float, is_centred: bool = True) -> Tensor:
    """The picture of lines in pixels, centred or left where they are."""
    picture = draw(lines, width)
    if is_centred and picture.any():  # lines left where they are may lie outside
        shift = shift_to_centre(centre_of_mass(picture))
        picture = draw([line + shift for line in lines], width)
    return torch.from_numpy(picture)[None]


def shift_to_centre(mass: np.ndarray) -> np.ndarray:
    """How far (x, y) a picture moves for its centre of mass, as far as it may."""
    return np.clip(CENTRE - mass, -ROOM, ROOM)


def checked(strokes: Any) -> list[np.ndarray]:
    """The strokes as arrays (points, 2), the empty ones left out."""
    if not isinstance(strokes, Sequence) or isinstance(strokes, str | bytes):
        raise InkError(t("The strokes are not a list of lists of points."))
    if sum(max(len(s), 1) if isinstance(s, Sequence) else 1 for s in strokes) > MAX_POINTS:
        raise InkError(t("The drawing has more than {n} points.", n=f"{MAX_POINTS:,}"))
    lines = []
    for stroke in strokes:
        try:
            line = np.asarray(stroke)
        except ValueError as error:  # ragged
            raise InkError(t("A stroke has points that are not pairs [x, y].")) from error
        if line.size == 0:
            continue
        if line.ndim != 2 or line.shape[1] != 2 or line.dtype.kind not in "iuf":
            raise InkError(t("A stroke has points that are not pairs [x, y] of numbers."))
        line = line.astype(np.float64)
        # The bound keeps every sum and difference that follows finite.
        if not (np.abs(line) < 1e100).all():
            raise InkError(
                t("A stroke has a coordinate that is not a finite number of sensible size.")
            )
        lines.append(line)
    return lines


def thinned(line: np.ndarray, gap: float = 0.5) -> np.ndarray:
    """The line without the points that lie closer than a gap to the last one kept."""
    kept = [line[0]]
    for point in line[1:-1]:
        if max(abs(point - kept[-1])) >= gap:
            kept.append(point)
    return np.stack([*kept, line[-1]])


def draw(lines: list[np.ndarray], width: float = LINE) -> np.ndarray:
    """Round-ended lines of a width in pixels on (SIDE, SIDE): ink is the share covered.

    A pixel's coverage is taken from its middle's distance to the nearest segment.
    """
    starts = np.concatenate([line[:-1] for line in lines])
    steps = np.concatenate([np.diff(line, axis=0) for line in lines])
    middles = np.arange(SIDE)[:, None, None] + 0.5
    nearest = np.full((SIDE, SIDE), np.inf, np.float32)
    for part in range(0, len(starts), 256):  # a long scribble must not need a large memory
        step = steps[part : part + 256]
        length = np.maximum((step**2).sum(1), 1e-12).astype(np.float32)
        # With p the way from a segment's start to a pixel and t how far along the step (0 to 1)
        # its foot lies, the squared distance is p.p - t (2 p.step - t step.step): p and step enter
        # as sums of an x part and a y part, and the large arrays are touched a few times only.
        way = middles - starts[part : part + 256]  # (SIDE, segments, 2)
        squared = (way**2).astype(np.float32)
        along = (way * step).astype(np.float32) / length[:, None]
        foot = along[None, :, :, 0] + along[:, None, :, 1]  # (SIDE, SIDE, segments)
        t = foot.clip(0, 1)
        distance = squared[None, :, :, 0] + squared[:, None, :, 1] - t * (2 * foot - t) * length
        np.minimum(nearest, distance.min(2), out=nearest)
    return (0.5 + width / 2 - np.sqrt(nearest.clip(0))).clip(0, 1)


def centre_of_mass(ink: np.ndarray) -> np.ndarray:
    """(x, y) in pixels, where the middle of the first pixel is (0.5, 0.5)."""
    mass = ink.sum(dtype=np.float64)
    x = (ink.sum(0, dtype=np.float64) * (np.arange(ink.shape[1]) + 0.5)).sum() / mass
    y = (ink.sum(1, dtype=np.float64) * (np.arange(ink.shape[0]) + 0.5)).sum() / mass
    return np.array([x, y])


# --- images ----------------------------------------------------------------------------------


def from_image(source: Path | bytes) -> Tensor:
    """A PNG, JPEG or WEBP, as a file or as its bytes, -> picture (1, 32, 32).

    Any size and aspect up to MAX_PIXELS; dark ink on light paper or light on dark, coloured, grey
    or unevenly lit paper, ink that lives in the alpha channel, EXIF rotation. No contrast gives
    the blank picture, all zero. Raises InkError for what is not such an image.
    """
    ink = ink_of(opened(source))
    if ink is None:
        return torch.zeros(1, SIDE, SIDE)
    middle, extent = span_of_ink(ink)
    return resampled(ink, middle, extent / BOX)


def span_of_ink(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The middle (x, y) of the box around the ink and its larger side."""
    left, right = edges(ink.max(0))
    top, bottom = edges(ink.max(1))
    return np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)


def resampled(ink: np.ndarray, middle: np.ndarray, pixel: float, is_centred: bool = True) -> Tensor:
    """The picture of a square window of ink around its middle (x, y), then centred or left there.

    A pixel of the picture is as wide as that many of the ink's. One resampling takes the window
    to 32x32: nothing is rounded to whole pixels on the way, so the answer does not hang on where
    the digit stood.
    """
    shift: np.ndarray | float = 0.0
    if is_centred:
        shift = shift_to_centre(SIDE / 2 + (centre_of_mass(ink) - middle) / pixel)
    margin = math.ceil(SIDE * pixel) + 1
    x, y = middle + margin - (SIDE / 2 + shift) * pixel
    window = (float(x), float(y), float(x + SIDE * pixel), float(y + SIDE * pixel))
    picture = np.asarray(
        Image.fromarray(np.pad(ink, margin)).resize(
            (SIDE, SIDE), Image.Resampling.HAMMING, box=window
        )
    )
    # A hairline scaled down turns grey; ink is as black as it gets, however thin it was.
    return torch.from_numpy((picture / picture.max()).clip(0, 1).astype(np.float32))[None]


def opened(source: Path | bytes) -> Image.Image:
    """The image, upright and in memory, never larger than MAX_PIXELS."""
    raw = source if isinstance(source, bytes) else bytes_of(source)
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
            if image.format == "JPEG" and raw.count(JPEG_SCAN) > MAX_SCANS:
                raise InkError(t("The image has more than {n} scans.", n=MAX_SCANS))
            if image.width * image.height > MAX_PIXELS:
                raise InkError(
                    t(
                        "The image has {width} x {height} pixels; at most {most} megapixels are "
                        "read.",
                        width=image.width,
                        height=image.height,
                        most=f"{MAX_PIXELS / 1024**2:.0f}",
                    )
                )
            if getattr(image, "n_frames", 1) > 1:
                raise InkError(t("The image is animated; one still picture is read."))
            return ImageOps.exif_transpose(image)
    except InkError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InkError(t("The file is not a PNG, JPEG or WEBP image that can be read.")) from error
    except Exception as error:  # Pillow's decoders raise whatever they meet in a damaged file
        raise InkError(t("The image is damaged and cannot be read.")) from error


def bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise InkError(t("The file does not exist.")) from error
    except IsADirectoryError as error:
        raise InkError(t("This is a folder, not a file.")) from error
    except (OSError, ValueError) as error:  # a name may hold what no system takes
        raise InkError(t("The file cannot be read.")) from error


def ink_of(image: Image.Image) -> np.ndarray | None:
    """(height, width) from 0, paper, to 1, ink; None without contrast.

    Ink is how far a pixel's colour is from the paper's: dark on light, light on dark and blue on
    grey are the same to it.
    """
    colours = flattened(image)
    block = block_side(colours)
    ink = contrast(reduced(colours, block))
    if ink is None or block == 1:
        return ink
    # A large image was read coarsely: look again, closer, at the part of it that holds the ink.
    (top, bottom), (left, right) = (
        np.flatnonzero(ink.max(axis) >= 0.5)[[0, -1]] * block for axis in (1, 0)
    )
    margin = 2 * block + max(bottom - top, right - left) // 4
    part = colours[
        max(0, top - margin) : bottom + block + margin,
        max(0, left - margin) : right + block + margin,
    ]
    closer = contrast(reduced(part, block_side(part)))
    return ink if closer is None else closer


def block_side(colours: np.ndarray) -> int:
    """Pixels of a block: as many as leave COARSE to 2 * COARSE blocks a side of a large image."""
    return max(1, max(colours.shape[:2]) // COARSE)


def reduced(colours: np.ndarray, block: int) -> np.ndarray:
    """The means of blocks: quick to work on, and it quietens noise."""
    height, width = (size // block * block or size for size in colours.shape[:2])
    rows, columns = min(block, height), min(block, width)
    blocks = colours[:height, :width].reshape(height // rows, rows, width // columns, columns, 3)
    return blocks.mean((1, 3))


def contrast(colours: np.ndarray) -> np.ndarray | None:
    """How far each colour is from the paper, 1 for the farthest; None where all are near."""
    difference = np.abs(colours - paper(colours)).max(2)
    peak = difference.max()
    if peak < MIN_CONTRAST:
        return None
    noise = 4 * np.median(border(difference))
    if noise >= peak:
        return None
    return ((difference - noise) / (peak - noise)).clip(0, 1).astype(np.float32)


def flattened(image: Image.Image) -> np.ndarray:
    """Colours (height, width, 3) in [0, 1], transparency replaced by a paper that shows the ink."""
    if image.mode.startswith(("I", "F")):  # 16 bits of grey
        grey = np.asarray(image, np.float32)
        # Cameras and scanners store 8, 12 or 16 bits in them, and nothing says which.
        levels = (1, 255, 4095, 65535) if image.mode.startswith("I") else (1,)
        grey = grey / next((level for level in levels if grey.max() <= level), grey.max())
        return np.repeat(grey[:, :, None], 3, 2)
    rgba = np.asarray(image.convert("RGBA"), np.float32) / 255
    colours, alpha = rgba[:, :, :3], rgba[:, :, 3:]
    if alpha.min() == 1:
        return colours
    opaque = colours[alpha[:, :, 0] > 0.5]
    if len(opaque) == 0:
        return np.ones_like(colours)
    middle = np.median(opaque, 0)
    # Either what can be seen is ink, all of much the same colour, or it is paper with ink on it.
    # Ink gets a paper of the other lightness; paper is carried on under the transparent rest.
    is_ink = np.abs(opaque - middle).max() < 0.4
    ground = np.full(3, 1.0 if middle.mean() < 0.5 else 0.0, np.float32) if is_ink else middle
    return colours * alpha + ground * (1 - alpha)


def border(values: np.ndarray) -> np.ndarray:
    """The outermost pixels, (pixels, ...)."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def paper(colours: np.ndarray) -> np.ndarray:
    """The paper's colour at every pixel: one colour, or a plane for light that comes from one side.

    Both are fitted to the border, and the one that more of it is close to is taken.
    """
    height, width = colours.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    plane = np.stack([np.ones_like(x), x, y], -1)
    edge, terms = border(colours), border(plane)
    even = np.broadcast_to(np.median(edge, 0), colours.shape)
    bare = np.ones(len(edge), bool)
    for _ in range(4):  # strokes that run off the image are no paper: leave out what fits worst
        fit, *_ = np.linalg.lstsq(terms[bare], edge[bare], rcond=None)
        misfit = np.abs(edge - terms @ fit).max(1)
        bare = misfit <= max(0.02, 2 * float(np.median(misfit)))
    if np.median(misfit) < np.median(np.abs(edge - even[0, 0]).max(1)):
        return plane @ fit
    return even


def edges(profile: np.ndarray) -> tuple[float, float]:
    """Where a profile of ink first rises through one half and last falls, in parts of a pixel."""
    inside = np.flatnonzero(profile >= 0.5)
    padded = np.concatenate([[0], profile, [0]])

    def crossing(inner: int, outer: int) -> float:
        return float((padded[inner] - 0.5) / (padded[inner] - padded[outer]))

    first, last = int(inside[0]), int(inside[-1])
    return first + 0.5 - crossing(first + 1, first), last + 0.5 + crossing(last + 1, last + 2)
