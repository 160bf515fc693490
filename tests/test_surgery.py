import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resnet import checkpoint, ink
from resnet.classifier import ready
from resnet.model import ResNet18
from resnet.studies.lesion import with_unit
from resnet.surgery import INTACT, UNITS, Unit, alters, can_be_out, run_unit, trace, without
from tests.conftest import lively_net, random_pictures


@pytest.fixture(params=checkpoint.VARIANTS)
def net(request: pytest.FixtureRequest) -> ResNet18:
    return lively_net(request.param)


@torch.inference_mode()
def by_hand(net: ResNet18, left_out: set[int]) -> torch.Tensor:
    """A net put together anew from the modules that stay."""
    layers: list[nn.Module] = [net.conv1, net.bn1, nn.ReLU(), net.maxpool]
    for number, unit in enumerate(net.units(), 1):
        if number not in left_out:
            layers.append(unit)
        elif unit.downsample is not None:
            layers += [unit.downsample, nn.ReLU()]
    layers += [net.avgpool, nn.Flatten(), net.fc]
    return nn.Sequential(*layers)(ink.normalise(random_pictures()))


def test_intact_it_is_the_net(net: ResNet18) -> None:
    with torch.inference_mode():
        expected = net(ink.normalise(random_pictures()))
        assert torch.equal(trace(net, random_pictures()).logits, expected)


@pytest.mark.parametrize("left_out", [{n} for n in range(1, 9)] + [{2, 4}, {1, 2, 4, 6, 8}])
def test_without_units_it_is_the_net_assembled_without_them(
    net: ResNet18, left_out: set[int]
) -> None:
    stays = {n for n, unit in enumerate(net.units(), 1) if not can_be_out(unit)}
    with torch.inference_mode():
        found = trace(net, random_pictures(), without(sorted(left_out))).logits
    torch.testing.assert_close(found, by_hand(net, left_out - stays))


def test_only_a_plain_unit_that_changes_the_shape_must_stay() -> None:
    must_stay = {
        variant: [
            n for n, unit in enumerate(lively_net(variant).units(), 1) if not can_be_out(unit)
        ]
        for variant in checkpoint.VARIANTS
    }
    assert must_stay == {"residual": [], "plain": [3, 5, 7]}


def test_the_same_after_folding_and_cutting(net: ResNet18) -> None:
    fast = ready(net, torch.device("cpu"))
    for how in (Unit(), Unit(is_out=True), Unit(has_shortcut=False), Unit(dial=0.5)):
        for number in range(1, UNITS + 1):
            with torch.inference_mode():
                settings = with_unit(number, how)
                found = trace(fast, random_pictures(), settings)
                expected = trace(net, random_pictures(), settings)
            torch.testing.assert_close(found.logits, expected.logits, atol=1e-4, rtol=1e-4)
            for one, other in zip(found.maps, expected.maps, strict=True):
                torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dial", [0.0, 0.3, 1.0, 2.0])
def test_the_dial_and_the_shortcut_by_hand(net: ResNet18, dial: float) -> None:
    for number, has_shortcut in itertools.product(range(1, UNITS + 1), (True, False)):
        with torch.inference_mode():
            found = trace(
                net, random_pictures(), with_unit(number, Unit(False, has_shortcut, dial))
            )
            unit, x = net.units()[number - 1], found.maps[number - 1]
            branch = unit.bn2(unit.conv2(F.relu(unit.bn1(unit.conv1(x)))))
            detour = torch.zeros(())
            if net.use_residual and has_shortcut:
                detour = unit.downsample(x) if unit.downsample is not None else x
            torch.testing.assert_close(found.maps[number], (dial * branch + detour).clamp(min=0))


def test_a_residual_unit_turned_to_zero_is_out() -> None:
    net = lively_net("residual")
    for number in range(1, UNITS + 1):
        with torch.inference_mode():
            silent = trace(net, random_pictures(), with_unit(number, Unit(dial=0.0))).logits
            assert torch.equal(silent, trace(net, random_pictures(), without([number])).logits)


def test_a_plain_net_has_no_shortcut_to_cut() -> None:
    net = lively_net("plain")
    cut = tuple(Unit(has_shortcut=False) for _ in INTACT)
    with torch.inference_mode():
        assert torch.equal(
            trace(net, random_pictures(), cut).logits, trace(net, random_pictures()).logits
        )


@pytest.mark.parametrize(
    "how", [Unit(), Unit(True), Unit(False, False), Unit(dial=0.5), Unit(True, dial=0.5)]
)
def test_what_alters_a_unit_changes_its_output(net: ResNet18, how: Unit) -> None:
    x = trace(net, random_pictures()).maps
    for unit, before in zip(net.units(), x, strict=False):
        with torch.inference_mode():
            is_same = torch.equal(run_unit(unit, before, how), run_unit(unit, before, Unit()))
        assert alters(unit, how) != is_same


def test_gradients_flow_to_the_picture(net: ResNet18) -> None:
    ink_of = random_pictures(1).requires_grad_()
    trace(net, ink_of).logits[0, 3].backward()
    assert ink_of.grad is not None
    assert ink_of.grad.abs().sum() > 0
