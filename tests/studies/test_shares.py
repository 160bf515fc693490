import pytest
import torch
from torch import Tensor

from resnet.model import ResNet
from resnet.studies.depth import build
from resnet.studies.shares import shares

PICTURES = torch.randn(16, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def spread(maps: list[Tensor], place: int) -> float:
    """A variance by hand: of each channel over pictures and pixels, then the mean of them."""
    channels = maps[place].detach().double().transpose(0, 1).flatten(1)
    return float(((channels - channels.mean(1, keepdim=True)) ** 2).mean(1).mean())


@pytest.mark.parametrize("has_norm", [True, False])
def test_a_share_is_of_the_variance_of_the_sum(has_norm: bool) -> None:
    net = build("residual", 18, has_norm, 1)
    found = shares(net, PICTURES)
    branches: list[Tensor] = []
    projections: list[Tensor] = []
    unit = net.units()[2]  # the first of the second stage, which changes the shape
    assert isinstance(unit.downsample, torch.nn.Module)
    unit.bn2.register_forward_hook(lambda _, __, out: branches.append(out.clone()))
    unit.downsample.register_forward_hook(lambda _, __, out: projections.append(out.clone()))
    net.train()(PICTURES)
    f, shortcut = spread(branches, 0), spread(projections, 0)
    assert len(found) == 8
    assert found[2] == pytest.approx(f / (f + shortcut), rel=0.01)


def test_with_batch_norm_the_share_falls_from_unit_to_unit() -> None:
    """Each unit adds a variance of one to what has piled up: De and Smith, arXiv 2002.10444."""
    found = shares(build("residual", 98, True, 1), PICTURES)
    assert len(found) == 48
    first_stage = [share for share in found[:12] if share is not None]
    assert first_stage[0] > 0.4
    assert first_stage[-1] < 0.2


def test_f_at_0_has_no_share_and_the_net_stays_as_it_is() -> None:
    net = build("residual", 18, True, 1).eval()
    for unit in net.units():
        torch.nn.init.zeros_(unit.bn2.weight)  # type: ignore[arg-type]
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert shares(net, PICTURES) == [0.0] * 8
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert not net.training


def test_without_shortcuts_there_is_nothing_to_share() -> None:
    assert shares(ResNet(use_residual=False, width=2), PICTURES) == []


def test_a_variance_that_is_no_finite_number_has_no_share() -> None:
    net = ResNet(width=2, has_norm=False)
    torch.nn.init.constant_(net.conv1.weight, float("inf"))
    assert shares(net, PICTURES)[0] is None
