"""How much of what a unit passes on is f's, and how much its shortcut's.

De and Smith, arXiv 2002.10444: where f's share is small, a deep residual net is near the
identity and can be trained; batch norm makes it small, and so does turning f down.
"""

import copy
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from resnet.model import ResNet

Shares = list[float | None]  # of every unit, from 0 to 1


@torch.no_grad()
def shares(net: ResNet, pictures: Tensor) -> Shares:
    """f's variance over f's and the shortcut's together, of every unit; net stays as is.

    The variance is that over (N, 1, 32, 32) pictures and the pixels of a map, its mean over the
    channels, in train mode, so with the batch's own statistics. None where it is no finite number;
    empty for a net without shortcuts, in which all is f's.
    """
    if not net.use_residual:
        return []
    net = copy.deepcopy(net).train()
    found: Shares = []
    x = net.stem(pictures)
    for unit in net.units():
        f, shortcut = unit.branch(x), unit.shortcut(x)
        found.append(share(variance(f), variance(shortcut)))
        x = F.relu(f + shortcut)
    return found


def variance(maps: Tensor) -> float:
    # In float64, where the square of the largest float32 is finite.
    return maps.double().var((0, 2, 3)).mean().item()


def share(part: float, rest: float) -> float | None:
    """Three digits; None where there is nothing to share."""
    total = part + rest
    return float(f"{part / total:.3g}") if math.isfinite(total) and total > 0 else None
