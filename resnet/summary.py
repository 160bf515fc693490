"""A net module by module or layer by layer: shapes, parameters, multiply-adds."""

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from resnet import ink
from resnet.language import N_, t
from resnet.model import FEW, LiveConv2d, ResNet18

COUNTED = ("parameters", "multiply_adds", "live_multiply_adds")


@dataclass
class Row:
    name: str
    shape: tuple[int, ...] = ()  # of the output for one picture
    parameters: int = 0
    multiply_adds: int = 0  # as papers count them, padding included
    live_multiply_adds: int = 0  # those that are carried out


@dataclass(frozen=True)
class Layer:
    name: str  # as in the state dict
    kind: str
    shape: tuple[int, ...]  # of the output for one picture
    parameters: int


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
    look(net, side, hooks)
    return rows


def layers(net: ResNet18, side: int = ink.SIDE) -> list[Layer]:
    """A row for each layer that is a module of torch, in the order in which they work."""
    found: list[Layer] = []

    def note(name: str) -> Any:
        def hook(layer: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
            parameters = sum(p.numel() for p in layer.parameters())
            found.append(Layer(name, kind_of(layer), tuple(output.shape[1:]), parameters))

        return hook

    look(net, side, [
        part.register_forward_hook(note(name))
        for name, part in net.named_modules()
        if not [*part.children()]
    ])  # fmt: skip
    return found


def kind_of(layer: nn.Module) -> str:
    """Conv2d 3x3/2 for a kernel of 3 by 3 that moves by 2."""
    kind = "Conv2d" if isinstance(layer, LiveConv2d) else type(layer).__name__
    if isinstance(layer, LiveConv2d):
        return f"{kind} {'x'.join(map(str, layer.kernel_size))}/{layer.stride[0]}"
    if isinstance(layer, nn.MaxPool2d):
        return f"{kind} {layer.kernel_size}x{layer.kernel_size}/{layer.stride}"
    return kind


def besides_products(net: ResNet18) -> dict[str, int]:
    """The operations that Paddle's counter adds to the multiply-adds of the textbook's net.

    Its convolution in the stem has biases, as ours has not; a batch norm counts two for each value,
    the mean over the last maps one for each pixel and one for each channel; relus, max pool, the
    last layer's biases and the sums with the shortcuts count nothing.
    """
    shapes = {layer.name: layer.shape for layer in layers(net)}
    norms = {one.name for one in layers(net) if one.kind.startswith("BatchNorm")}
    stem, before, mean = shapes["conv1"], shapes["layer4.1.bn2"], shapes["avgpool"]
    return {
        N_("the stem's biases"): prod(stem),
        N_("batch norms"): 2 * sum(prod(shapes[name]) for name in norms),
        N_("the mean over the last maps"): prod(before) + prod(mean),
    }


def look(net: ResNet18, side: int, hooks: list[RemovableHandle]) -> None:
    """Let the hooks see one (in_channels, side, side) picture go through the net."""
    net.eval()
    with torch.inference_mode():
        device = net.conv1.weight.device  # "meta" where nothing but shapes is known of the net
        net(torch.zeros(1, net.conv1.in_channels, side, side, device=device))
    for hook in hooks:
        hook.remove()


def as_table(net: ResNet18) -> tuple[list[str], list[list[str]]]:
    """The same as text, and the sums: headers and rows."""
    found = summarise(net)
    rows = [
        [row.name, " x ".join(map(str, row.shape)), *(getattr(row, name) for name in COUNTED)]
        for row in found
    ]
    sums = [t("sum"), "", *(sum(getattr(row, name) for row in found) for name in COUNTED)]
    return (
        [t("module"), t("output"), t("parameters"), t("multiply-adds"), t("of live taps")],
        [[c if isinstance(c, str) else f"{c:,}" for c in row] for row in [*rows, sums]],
    )


def layer_table(net: ResNet18) -> tuple[list[str], list[list[str]]]:
    """The layers as text, and the sum: headers and rows."""
    found = layers(net)
    rows = [
        [layer.name, layer.kind, " x ".join(map(str, layer.shape)), f"{layer.parameters:,}"]
        for layer in found
    ]
    rows.append(["sum", "", "", f"{sum(layer.parameters for layer in found):,}"])
    return ["layer", "kind", "output", "parameters"], rows


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
