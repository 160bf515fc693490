import math

import pytest
import torch
from torch import nn

from resnet import checkpoint
from resnet.model import LiveConv2d, ResNet18
from resnet.studies.first_weights import First, begin
from resnet.studies.textbook import build


def built(variant: str, first: First, seed: int = 3) -> ResNet18:
    net = build(variant, first, seed)
    assert isinstance(net, ResNet18)
    return net


def kernels(net: nn.Module) -> list[LiveConv2d]:
    """Those large enough for their spread to be measured."""
    found = [part for part in net.modules() if isinstance(part, LiveConv2d)]
    assert len(found) >= 17
    return [conv for conv in found if conv.weight.numel() > 3000]


def test_this_projects_are_those_that_the_net_draws_itself(variant: str) -> None:
    torch.manual_seed(3)
    expected = checkpoint.build(variant).state_dict()
    found = built(variant, "fan_out").state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_pytorchs_are_those_of_its_layers(variant: str) -> None:
    """Its own layers draw the same, one after the other, from the same state of the generator."""
    net = built(variant, "fan_out")
    torch.manual_seed(8)
    begin(net, "torch")
    torch.manual_seed(8)
    for layer in net.modules():
        if isinstance(layer, LiveConv2d):
            own: nn.Module = nn.Conv2d(
                layer.in_channels, layer.out_channels, layer.kernel_size[0], bias=False
            )
        elif isinstance(layer, nn.Linear):
            own = nn.Linear(layer.in_features, layer.out_features)
        else:
            continue
        for name, expected in own.state_dict().items():
            torch.testing.assert_close(layer.state_dict()[name], expected, rtol=0, atol=0)


def test_paddles_have_the_spread_that_its_layers_give_them(variant: str) -> None:
    net = built(variant, "fan_in")
    for conv in kernels(net):
        fan_in = conv.in_channels * math.prod(conv.kernel_size)
        assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.05)
        assert conv.weight.abs().max() > 2.5 * math.sqrt(2 / fan_in)  # normal, not uniform
    bound = math.sqrt(6 / (512 + 10))
    assert 0.95 * bound < net.fc.weight.abs().max().item() <= bound
    assert net.fc.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    assert not net.fc.bias.any()


@pytest.mark.parametrize("first", ["fan_out", "torch", "fan_in"])
def test_a_seed_gives_the_same_weights_again_and_another_one_others(first: First) -> None:
    one, again, other = (built("plain", first, seed).state_dict() for seed in (1, 1, 2))
    for name, weights in one.items():
        assert torch.equal(weights, again[name])
        if "conv" in name or name == "fc.weight":
            assert not torch.equal(weights, other[name])
        if "bn" in name and name.endswith("weight"):
            assert bool((weights == 1).all())
