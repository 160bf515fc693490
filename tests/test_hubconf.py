"""hubconf.py, as torch.hub takes it."""

import sys

import pytest
import torch

import hubconf
from resnet import checkpoint, ink
from resnet.model import ResNet18
from tests.server import ROOT

SEVEN = ROOT / "docs" / "seven.png"


@pytest.fixture(autouse=True)
def _without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.hub leaves the folder among those that Python looks in."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_a_net_is_that_of_its_checkpoint_and_reads(variant: str) -> None:
    net = torch.hub.load(str(ROOT), variant, source="local")
    assert isinstance(net, ResNet18)
    expected, _ = checkpoint.load(checkpoint.path_of(variant), variant)
    for ours, theirs in zip(net.state_dict().values(), expected.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert not net.training
    assert net.use_residual == (variant == "residual")
    picture = torch.hub.load(str(ROOT), "picture", str(SEVEN), source="local")
    assert net(picture).argmax().item() == 7


def test_the_picture_is_normalised_as_the_nets_were_trained() -> None:
    assert torch.equal(hubconf.picture(str(SEVEN)), ink.normalise(ink.from_image(SEVEN))[None])


def test_its_entries_are_all_that_it_shows() -> None:
    """torch.hub takes every callable without an underscore for one."""
    shown = {name for name, value in vars(hubconf).items() if callable(value) and name[0] != "_"}
    assert shown == {"residual", "plain", "picture"}
