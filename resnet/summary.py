"""A net module by module: shapes, parameters, multiply-adds."""

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from resnet import ink
from resnet.model import FEW, LiveConv2d, ResNet18

COUNTED = ("parameters", "multiply_adds", "live_multiply_adds")


@dataclass
class Row:
    name: str
    shape: tuple[int, ...] = ()  # of the output for one picture
    parameters: int = 0
    multiply_adds: int = 0  # as papers count them, padding included
    live_multiply_adds: int = 0  # those that are carried out


def summarise(net: ResNet18, side: int = ink.SIDE) -> list[Row]:
    """A row for each of the six modules, for one (in_channels, side, side) picture."""
    rows = []
    hooks = []
    for name, layers in net.six_modules().items():
        row = Row(name, parameters=sum(p.numel() for layer in layers for p in layer.parameters()))
        rows.append(row)
        hooks.append(layers[-1].register_forward_hook(note_shape(row)))
        for part in (part for layer in layers for part in layer.modules()):
            if isinstance(part, nn.Conv2d | nn.Linear):
                hooks.append(part.register_forward_hook(count(row)))
    net.eval()
    with torch.inference_mode():
        device = net.conv1.weight.device  # "meta" where nothing but shapes is known of the net
        net(torch.zeros(1, net.conv1.in_channels, side, side, device=device))
    for hook in hooks:
        hook.remove()
    return rows


def as_table(net: ResNet18) -> tuple[list[str], list[list[str]]]:
    """The same as text, and the sums: headers and rows."""
    found = summarise(net)
    rows = [
        [row.name, " x ".join(map(str, row.shape)), *(getattr(row, name) for name in COUNTED)]
        for row in found
    ]
    sums = ["sum", "", *(sum(getattr(row, name) for row in found) for name in COUNTED)]
    return (
        ["module", "output", "parameters", "multiply-adds", "of live taps"],
        [[c if isinstance(c, str) else f"{c:,}" for c in row] for row in [*rows, sums]],
    )


def note_shape(row: Row) -> Any:
    def hook(module: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
        row.shape = tuple(output.shape[1:])

    return hook


def count(row: Row) -> Any:
    def hook(module: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
        # Every weight of a linear layer works once; every tap of a kernel once a place.
        weights = sum(p.numel() for name, p in module.named_parameters() if name == "weight")
        nominal = live = weights * prod(output.shape[2:])
        if isinstance(module, LiveConv2d) and prod(output.shape[2:]) <= FEW:
            rows, columns = (
                sum(taps.stop - taps.start for taps, _ in windows)
                for windows in module.windows(*args[0].shape[2:])
            )
            live = weights // prod(module.kernel_size) * rows * columns
        row.multiply_adds += nominal
        row.live_multiply_adds += live

    return hook
