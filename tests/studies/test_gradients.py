import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resnet.model import LiveConv2d, ResNet
from resnet.studies.depth import RATES, RECIPE, build
from resnet.studies.gradients import VANISHED, arrival, gradients, live_weights

PICTURES = torch.randn(8, 1, 32, 32, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(8)


@pytest.mark.parametrize("has_norm", [True, False])
def test_they_are_autograds_over_the_live_weights(variant: str, has_norm: bool) -> None:
    net = build(variant, 18, has_norm, 1)
    found = gradients(net, PICTURES, LABELS)
    loss = F.cross_entropy(net.train()(PICTURES), LABELS)
    last = net.units()[-1]
    stem, conv1, conv2, head = torch.autograd.grad(
        loss, [net.conv1.weight, last.conv1.weight, last.conv2.weight, net.fc.weight]
    )

    def rms(*slopes: torch.Tensor) -> float:
        values = np.concatenate([slope.flatten().numpy() for slope in slopes])
        return float(np.sqrt(np.mean(values.astype(float) ** 2)))

    assert len(found) == 10
    assert found[0] == pytest.approx(rms(stem), rel=0.01)
    # On a map of one pixel only the middle tap of nine is alive.
    assert found[-2] == pytest.approx(rms(conv1[:, :, 1, 1], conv2[:, :, 1, 1]), rel=0.01)
    assert found[-1] == pytest.approx(rms(head), rel=0.01)


@pytest.mark.parametrize(("side", "stride", "taps"), [(8, 1, 9), (2, 1, 9), (2, 2, 4), (1, 1, 1)])
def test_live_weights_are_those_that_ever_get_a_gradient(side: int, stride: int, taps: int) -> None:
    conv = LiveConv2d(3, 5, 3, stride, padding=1, bias=False)
    conv(torch.randn(2, 3, side, side)).square().sum().backward()
    assert conv.weight.grad is not None
    assert live_weights(conv, side, side) == 15 * taps == int((conv.weight.grad != 0).sum())


def test_the_net_stays_as_it_is(variant: str) -> None:
    net = build(variant, 18, True, 1).eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    gradients(net, PICTURES, LABELS)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert not net.training
    assert all(parameter.grad is None for parameter in net.parameters())


def test_what_is_no_finite_number_is_none() -> None:
    net = ResNet(width=2)
    nn.init.constant_(net.fc.weight, float("inf"))
    assert gradients(net, PICTURES, LABELS)[0] is None


def test_the_smallest_gradients_are_not_lost() -> None:
    """A plain net of 98 layers without norms: far below what float32 can square."""
    found = gradients(build("plain", 98, False, 1), PICTURES, LABELS)
    assert found[0] is not None
    assert 0 < found[0] < 1e-15


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([5.6, 1.0, 0.015, 0.1], "is 370 times that at the last unit (5.6 against 0.015)"),
        ([0.01, 1.0, 0.02, 0.1], "is 0.5 times that at the last unit (0.01 against 0.02)"),
        ([1860.0, 1.0, 1.02, 0.1], "(1,900 against 1)"),
        ([99.0, 1.0, 0.01, 0.1], "is 9,900 times"),
        ([100.0, 1.0, 0.01, 0.1], "explodes to 10,000 times"),
        ([1e-9, 1.0, 0.02, 0.1], "has vanished at the stem (1e-09 against 0.02 at the last unit)"),
        ([9e-5, 1.0, 1e-9, 0.1], "hardly any gradient anywhere (9e-05 at the stem, 1e-09 at the"),
        ([0.0, 0.0, 0.0, 0.0], "hardly any gradient anywhere (0 at the stem, 0 at the last unit)"),
        ([1.0, 1.0, 0.0, 0.1], "is 1, that at the last unit 0"),
        ([1.0, None, None, 0.1], "is no finite number at 2 of 4 places"),
    ],
)
def test_what_arrives_at_the_stem(values: list[float | None], words: str) -> None:
    assert words in arrival(values)


def test_a_vanished_gradient_moves_no_weight() -> None:
    recipe, rate = RECIPE, max(RATES)
    assert recipe.steps * rate * VANISHED < 0.002
    net = build("plain", 18, False, 1)
    deviations = [unit.conv2.weight.std().item() for unit in net.units()]
    assert min(deviations) > 0.035
    assert max(deviations) < 0.125
