from typing import Any

import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet import checkpoint
from resnet.studies.textbook import BOOK_OPERATIONS
from resnet.summary import Layer, besides_products, layer_table, layers, summarise
from tests.conftest import lively_net, ordinary_convolutions

SHAPES = [(64, 8, 8), (64, 8, 8), (128, 4, 4), (256, 2, 2), (512, 1, 1), (10,)]


def test_six_modules_with_the_shapes_of_the_textbook(variant: str) -> None:
    rows = summarise(checkpoint.build(variant))
    assert [row.shape for row in rows] == SHAPES


def test_parameters_add_up(variant: str) -> None:
    net = checkpoint.build(variant)
    assert sum(row.parameters for row in summarise(net)) == sum(p.numel() for p in net.parameters())


def test_multiply_adds_are_those_that_torch_counts(variant: str) -> None:
    net = lively_net(variant)
    rows = summarise(net)
    with FlopCounterMode(display=False) as live, torch.no_grad():
        net(torch.zeros(1, 1, 32, 32))
    with ordinary_convolutions(), FlopCounterMode(display=False) as nominal, torch.no_grad():
        net(torch.zeros(1, 1, 32, 32))
    assert 2 * sum(row.live_multiply_adds for row in rows) == live.get_total_flops()
    assert 2 * sum(row.multiply_adds for row in rows) == nominal.get_total_flops()
    assert live.get_total_flops() < nominal.get_total_flops()


def test_the_layers_are_those_of_torchvisions_resnet18() -> None:
    """But for its relus, which are functions in ours."""
    theirs = torchvision.models.resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    seen: list[tuple[Any, ...]] = []

    def note(name: str) -> Any:
        def hook(layer: nn.Module, args: Any, output: torch.Tensor) -> None:
            parameters = sum(p.numel() for p in layer.parameters())
            seen.append((name, tuple(output.shape[1:]), parameters))

        return hook

    for name, layer in theirs.named_modules():
        if not [*layer.children()] and not isinstance(layer, nn.ReLU):
            layer.register_forward_hook(note(name))
    with torch.no_grad():
        theirs.eval()(torch.zeros(1, 1, 32, 32))
    ours = layers(checkpoint.unfilled("residual"))
    # Their pooled maps are (512, 1, 1) before they are flattened, as ours are.
    assert [(layer.name, layer.shape, layer.parameters) for layer in ours] == seen
    assert len(seen) == 43


def test_layers_say_what_they_are() -> None:
    net = checkpoint.unfilled("residual")
    first, *_ = layers(net)
    assert first == Layer("conv1", "Conv2d 7x7/2", (64, 16, 16), 3136)
    kinds = {layer.name: layer.kind for layer in layers(net)}
    assert kinds["maxpool"] == "MaxPool2d 3x3/2"
    assert kinds["layer2.0.downsample.0"] == "Conv2d 1x1/2"
    assert kinds["layer2.0.downsample.1"] == "BatchNorm2d"
    headers, rows = layer_table(net)
    assert all(len(row) == len(headers) for row in rows)
    assert rows[0] == ["conv1", "Conv2d 7x7/2", "64 x 16 x 16", "3,136"]
    assert rows[-1] == ["sum", "", "", "11,175,370"]


def test_operations_add_up_to_those_that_the_textbook_prints() -> None:
    net = checkpoint.unfilled("residual")
    products = sum(row.multiply_adds for row in summarise(net))
    assert products + sum(besides_products(net).values()) == BOOK_OPERATIONS
