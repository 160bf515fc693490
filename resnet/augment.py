"""Random variations of digits, a whole batch as one tensor.

Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis (ICDAR 2003) for the affine and elastic distortions; stroke width and ink
strength are what differs most between pens, scanners and browser canvases.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

ROTATION = 12.0  # degrees, either way
SLANT = 0.25  # shear of the uprights, tangent, either way
STRETCH = 0.15  # log of the scale of each axis, either way
SHIFT = 2.0  # pixels, either way
ELASTIC = 0.9  # pixels, standard deviation of each knot's displacement
KNOTS = 6  # knots of the elastic field a side
THICKEN, THIN = 0.7, 0.35  # how far towards the dilated and the eroded picture
FAINT, STRONG = 0.7, 1.4  # gain of the ink, clipped at 1


def augment(pictures: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """(N, 1, H, W) ink in [0, 1] -> the same shape and range, each picture varied on its own.

    A strength of 0 changes nothing, 1 as much as the constants above say.
    The generator lives on the CPU whatever the device of the pictures, so that a seed means the
    same variations everywhere.
    """
    warped = warp(pictures, generator, strength)
    n = len(pictures)
    width = uniform(n, -strength, strength, generator).to(pictures.device)[:, None, None, None]
    thick = F.max_pool2d(warped, 3, stride=1, padding=1) - warped
    thin = -F.max_pool2d(-warped, 3, stride=1, padding=1) - warped
    inked = warped + width.clamp(min=0) * THICKEN * thick - width.clamp(max=0) * THIN * thin
    gain = uniform(n, FAINT, STRONG, generator).to(pictures.device)[:, None, None, None]
    gain = 1 + (gain - 1) * strength
    return (inked * gain).clamp(0, 1)


def warp(pictures: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """One resampling for the affine and the elastic part together."""
    n, _, height, width = pictures.shape
    angle = uniform(n, -strength, strength, generator) * math.radians(ROTATION)
    slant = uniform(n, -strength, strength, generator) * SLANT
    stretch = torch.exp(uniform((n, 2), -strength, strength, generator) * STRETCH)
    # A shift in pixels, in units of grid_sample, where the picture spans -1 to 1.
    pixel = torch.tensor([2 / width, 2 / height])
    shift = uniform((n, 2), -strength, strength, generator) * SHIFT * pixel

    cos, sin = angle.cos(), angle.sin()
    rotate = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    shear = torch.eye(2).repeat(n, 1, 1)
    shear[:, 0, 1] = slant
    affine = torch.cat([rotate @ shear * stretch[:, :, None], shift[:, :, None]], 2)
    grid = F.affine_grid(affine, [n, 1, height, width], align_corners=False)

    knots = torch.randn(n, 2, KNOTS, KNOTS, generator=generator) * (ELASTIC * strength)
    field = F.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
    grid = (grid + field.permute(0, 2, 3, 1) * pixel).to(pictures.device)
    return F.grid_sample(pictures, grid, align_corners=False)


def uniform(
    size: int | tuple[int, ...], low: float, high: float, generator: torch.Generator
) -> Tensor:
    return low + (high - low) * torch.rand(size, generator=generator)
