"""The lenses of the board: what is shown at the stem and at each of the eight units of a net.

A lens is one question asked at every place. What it finds there is a cell; pictures in it are grey
levels, one byte a pixel, row by row, base64.

    maps  the strongest feature maps
    edit  how much the unit changed what its shortcut carries
    left  what a linear map can read back of the picture
    knew  what digit a linear map would say
    why   where the net found its answer
    near  which training digits look like it there
"""

import base64
from typing import NotRequired, TypeAlias, TypedDict

import torch
from torch import Tensor
from torch.nn import functional as F

from resnet import ink
from resnet.model import ResBlock, ResNet
from resnet.nearest import Nearest, vote
from resnet.readback import Readback
from resnet.surgery import Trace

LENSES = ("maps", "edit", "left", "knew", "why", "near")
TILED = 16  # pixels to a side of the tiled feature maps


class MapsCell(TypedDict):
    """The strongest channels of a place, by their maximum: as many as fill 16x16 pixels."""

    size: int  # of one map
    channels: list[int]  # which, in order
    low: list[float]  # the range of each
    high: list[float]
    picture: str  # 16x16: each map from 0, below which none is after a relu, to its own high


class EditCell(TypedDict):
    """How far a unit's output y is from s, what a shortcut around it carries: its input, or the 1x1
    convolution of that where shapes change. None where it is not defined: at the stem, of zeros,
    the cosine where shapes change, the ratio where a plain unit changes them."""

    ratio: float | None  # |y - s| / |s|
    cosine: float | None  # of the angle between y and the unit's input


class LeftCell(TypedDict):
    picture: str  # 32x32, as it is read back
    r2: float  # of MNIST's test pictures read back there, in the whole net


class KnewCell(TypedDict):
    digit: int
    accuracy: list[int]  # right and total of MNIST's test digits, in the whole net


class WhyCell(TypedDict):
    picture: str | None  # 32x32, Grad-CAM's map scaled to its own maximum; None for one pixel
    size: int  # of the map
    gradient: NotRequired[str]  # 32x32, at the stem: how much the logit changes with each pixel


class NearCell(TypedDict):
    """The nearest training digits, the nearest first."""

    digits: list[int]  # their indices in MNIST's training file
    labels: list[int]
    distances: list[float]  # 1 for what is usual of a digit
    digit: int  # that most of them are
    accuracy: list[int]  # right and total of MNIST's validation digits, in the whole net


Cell: TypeAlias = MapsCell | EditCell | LeftCell | KnewCell | WhyCell | NearCell


class LensError(Exception):
    """An unknown or unavailable lens; the message is one sentence for the page."""


def maps(seen: Trace) -> list[MapsCell]:
    """At each place, its strongest maps."""
    return [tiled(of_one[0]) for of_one in seen.maps]


def tiled(features: Tensor) -> MapsCell:
    """(channels, size, size), at least 0 -> the cell of maps."""
    size = features.shape[-1]
    side = TILED // size  # maps to a side
    order = features.amax((1, 2)).sort(descending=True, stable=True).indices
    channels = order[: side * side].sort().values
    chosen = features[channels]  # (side * side, size, size)
    low, high = chosen.amin((1, 2)), chosen.amax((1, 2))
    tiles = to_own_maximum(chosen).unflatten(0, (side, side)).transpose(1, 2)
    return {
        "size": size,
        "channels": channels.tolist(),
        "low": rounded(low),
        "high": rounded(high),
        "picture": grey(tiles.reshape(TILED, TILED)),
    }


def edit(seen: Trace, net: ResNet) -> list[EditCell]:
    """How far each unit's output y is from s, what a shortcut around it carries.

    That residual units edit a little at a time: Jastrzebski et al., Residual Connections Encourage
    Iterative Inference, arXiv 1710.04773.
    """
    places = zip(net.units(), seen.maps, seen.maps[1:], strict=False)
    return [{"ratio": None, "cosine": None}, *(edited(unit, x, y) for unit, x, y in places)]


def edited(unit: ResBlock, x: Tensor, y: Tensor) -> EditCell:
    ratio = cosine = None
    if unit.use_residual or not unit.changes_shape:
        carried = unit.shortcut(x)
        ratio = quotient((y - carried).norm(), carried.norm())
    if not unit.changes_shape:
        cosine = quotient((x * y).sum(), x.norm() * y.norm())
    return {"ratio": ratio, "cosine": cosine}


def quotient(a: Tensor, b: Tensor) -> float | None:
    return round((a / b).item(), 4) if b > 0 else None


def left(seen: Trace, readback: Readback) -> list[LeftCell]:
    """The picture as it is read back from each place, clipped to [0, 1].

    With units altered it is still the decoder of the whole net that reads: it shows what the rest
    of the net, which has not changed either, is given to understand.
    """
    pictures, _ = readback.read([features.cpu() for features in seen.maps])
    return [
        {"picture": grey(picture[0].clamp(0, 1)), "r2": score.r2}
        for picture, score in zip(pictures, readback.scores, strict=True)
    ]


def knew(seen: Trace, readback: Readback) -> list[KnewCell]:
    """The digit that a linear probe of the whole net names at each place."""
    _, scores = readback.read([features.cpu() for features in seen.maps])
    return [
        {"digit": int(of_ten.argmax()), "accuracy": [score.right, score.total]}
        for of_ten, score in zip(scores, readback.scores, strict=True)
    ]


def why(seen: Trace) -> list[WhyCell]:
    """Where the likeliest digit comes from: Grad-CAM at each place, and the picture's gradient.

    The trace must have been made with gradients to its pictures. Selvaraju et al.: Grad-CAM, arXiv
    1610.02391, section 3, equations 1 and 2; Simonyan, Vedaldi, Zisserman: Deep Inside
    Convolutional Networks, arXiv 1312.6034, section 3.
    """
    logit = seen.logits[0].max()
    of_picture, *of_maps = torch.autograd.grad(logit, [seen.pictures, *seen.maps])
    cells = [
        located(features.detach()[0], gradient[0])
        for features, gradient in zip(seen.maps, of_maps, strict=True)
    ]
    cells[0]["gradient"] = grey(to_own_maximum(of_picture[0].abs()))
    return cells


def located(features: Tensor, gradient: Tensor) -> WhyCell:
    """(channels, size, size) each -> the cell of why."""
    size = features.shape[-1]
    if size == 1:
        return {"picture": None, "size": size}
    weights = gradient.mean((1, 2))
    found = torch.einsum("c,cyx->yx", weights, features).relu()
    enlarged = F.interpolate(found[None, None], ink.SIDE, mode="bilinear")
    return {"picture": grey(to_own_maximum(enlarged[0])), "size": size}


def near(seen: Trace, nearest: Nearest) -> list[NearCell]:
    """The training digits whose maps lie nearest at each place."""
    cells: list[NearCell] = []
    places = zip(seen.maps, nearest.codes, nearest.scores, strict=True)
    for features, codes, score in places:
        (distances,), (order,) = codes.nearest(features.cpu().flatten(1))
        labels = nearest.labels[order]
        cells.append(
            {
                "digits": nearest.digits[order].tolist(),
                "labels": labels.tolist(),
                "distances": [round(distance, 3) for distance in distances.tolist()],
                "digit": int(vote(labels[None])),
                "accuracy": [score["right"], score["total"]],
            }
        )
    return cells


def to_own_maximum(maps: Tensor) -> Tensor:
    """(N, height, width), at least 0, each divided by its maximum; 0 where that is 0."""
    highest = maps.amax((1, 2), keepdim=True)
    return maps / highest.where(highest > 0, 1)


def rounded(values: Tensor) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


def grey(picture: Tensor) -> str:
    """Values from 0 to 1 -> grey levels, a byte each, row by row, in base64."""
    return base64.b64encode(ink.grey_levels(picture.cpu())).decode("ascii")
