import torch
from torch.utils.flop_counter import FlopCounterMode

from resnet import checkpoint
from resnet.summary import summarise
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
