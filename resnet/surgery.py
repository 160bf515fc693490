"""Surgery on both nets: units taken out, shortcuts cut, branches turned down.

A unit computes relu(shortcut + f). Here it computes relu(shortcut + dial * f), with or without its
shortcut, or is taken out: its input goes round it, through the 1x1 convolution of the shortcut
where shapes change. That deleting a unit hardly hurts a residual net and ruins a plain one was
found by Veit, Wilber, Belongie: Residual Networks Behave Like Ensembles of Relatively Shallow
Networks, arXiv 1605.06431, section 4.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from resnet import ink
from resnet.model import ResBlock, ResNet

UNITS = 8
DIAL = (0.0, 2.0)  # the range of a dial


@dataclass(frozen=True)
class Unit:
    """The changes to one unit; by default none."""

    is_out: bool = False
    has_shortcut: bool = True  # a plain unit has none either way
    dial: float = 1.0  # times f


Settings = tuple[Unit, ...]  # of all UNITS
INTACT: Settings = (Unit(),) * UNITS


@dataclass(frozen=True)
class Trace:
    """The maps of a net on the way from pictures to logits."""

    pictures: Tensor  # (N, 1, 32, 32), normalised
    maps: list[Tensor]  # UNITS + 1: what the stem and each unit gave, (N, channels, size, size)
    logits: Tensor  # (N, 10)


def can_be_out(unit: ResBlock) -> bool:
    """Not a plain unit that changes the shape: nothing would fit the next one."""
    return unit.use_residual or not unit.changes_shape


def alters(unit: ResBlock, how: Unit) -> bool:
    """Whether a unit computes something else then; a plain one has no shortcut to miss."""
    if how.is_out:
        return can_be_out(unit) or how.dial != 1
    return how.dial != 1 or (unit.use_residual and not how.has_shortcut)


def run_unit(unit: ResBlock, x: Tensor, how: Unit) -> Tensor:
    """A unit's output. One that cannot be out stays in."""
    if how.is_out and can_be_out(unit):
        return F.relu(unit.shortcut(x))
    y = how.dial * unit.branch(x)
    if unit.use_residual and how.has_shortcut:
        y = y + unit.shortcut(x)
    return F.relu(y)


def trace(net: ResNet, pictures: Tensor, settings: Settings = INTACT) -> Trace:
    """(N, 1, 32, 32) ink in [0, 1] through a net in eval mode.

    Gradients flow where autograd is on.
    """
    device = next(net.parameters()).device
    x = normalised = ink.normalise(pictures.to(device))
    x = net.stem(x)
    maps = [x]
    for unit, how in zip(net.units(), settings, strict=True):
        x = run_unit(unit, x, how)
        maps.append(x)
    return Trace(normalised, maps, net.head(x))


def without(units: Sequence[int]) -> Settings:
    """Settings with some units out, counted from 1."""
    return tuple(Unit(is_out=number in units) for number in range(1, UNITS + 1))
