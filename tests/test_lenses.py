import base64
import itertools
import json
import re
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from captum.attr import LayerGradCam, Saliency
from torch import nn
from torch.nn import functional as F
from torchvision.models.feature_extraction import create_feature_extractor

from resnet import ink, lenses
from resnet.classifier import Classifier
from resnet.nearest import Nearest
from resnet.readback import RANK, Readback
from resnet.studies.lesion import with_unit
from resnet.surgery import INTACT, UNITS, Unit, trace
from tests.conftest import UNCALIBRATED, lively_net, random_pictures

PLACES = ["maxpool", *(f"layer{stage}.{unit}" for stage in (1, 2, 3, 4) for unit in (0, 1))]
SIZES = [8, 8, 8, 4, 4, 2, 2, 1, 1]


def ready(variant: str, seed: int = 0) -> Classifier:
    return Classifier(lively_net(variant, seed), UNCALIBRATED)


def levels(encoded: str, side: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(side, side)


def cells_of(classifier: Classifier, lens: str, settings: tuple[Unit, ...] = INTACT) -> Any:
    """Each lens has cells of its own kind."""
    return classifier.dissect(random_pictures()[0], settings, lens)[1]


@pytest.mark.parametrize("lens", lenses.LENSES)
def test_nine_cells_that_are_json(variant: str, lens: str, made: Readback, near: Nearest) -> None:
    classifier = ready(variant)
    classifier.readback, classifier.nearest = made, near
    cells = cells_of(classifier, lens)
    assert len(cells) == UNITS + 1
    assert json.loads(json.dumps(cells, allow_nan=False)) == cells


# --- maps -------------------------------------------------------------------------------------


def torchvisions(seed: int = 0) -> list[torch.Tensor]:
    """The maps of the residual net as torchvision's own feature extraction finds them."""
    net = torchvision.models.resnet18(num_classes=10)
    net.conv1 = torch.nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    net.load_state_dict(lively_net("residual", seed).state_dict(), strict=True)
    extract = create_feature_extractor(net.eval(), PLACES)
    with torch.inference_mode():
        found = extract(ink.normalise(random_pictures()[:1]))
    return [found[place][0] for place in PLACES]


def test_maps_are_those_that_torchvision_finds() -> None:
    classifier = ready("residual")
    with torch.inference_mode():
        seen = trace(classifier.body, random_pictures()[:1])
    for ours, theirs in zip(seen.maps, torchvisions(), strict=True):
        torch.testing.assert_close(ours[0], theirs, atol=1e-4, rtol=1e-4)


def test_the_strongest_maps_are_shown_each_in_its_own_range() -> None:
    for cell, theirs, size in zip(
        cells_of(ready("residual"), "maps"), torchvisions(), SIZES, strict=True
    ):
        side = 16 // size
        assert cell["size"] == size
        channels = cell["channels"]
        assert channels == sorted(set(channels))
        assert len(channels) == side * side
        peaks = theirs.amax((1, 2))
        left_out = peaks[[c for c in range(len(peaks)) if c not in channels]]
        assert peaks[channels].min() >= left_out.max() - 1e-4
        assert cell["high"] == pytest.approx(peaks[channels].tolist(), rel=1e-3, abs=1e-4)
        lowest = theirs.amin((1, 2))[channels].tolist()
        assert cell["low"] == pytest.approx(lowest, rel=1e-3, abs=1e-4)
        picture = levels(cell["picture"], 16)
        for place, channel in enumerate(channels):
            row, column = place // side * size, place % side * size
            tile = picture[row : row + size, column : column + size]
            expected = 255 * theirs[channel] / peaks[channel]
            assert np.abs(tile - expected.numpy()).max() < 0.6


def test_a_dead_net_has_black_maps(variant: str) -> None:
    net = lively_net(variant)
    assert isinstance(net.bn1, nn.BatchNorm2d)
    net.bn1.weight.data.zero_()
    net.bn1.bias.data.zero_()
    stem = cells_of(Classifier(net, UNCALIBRATED), "maps")[0]
    assert stem["channels"] == [0, 1, 2, 3]
    assert stem["high"] == [0.0] * 4
    assert levels(stem["picture"], 16).max() == 0


# --- edit -------------------------------------------------------------------------------------


def test_edit_by_hand(variant: str) -> None:
    classifier, net = ready(variant), lively_net(variant)
    settings = with_unit(2, Unit(dial=0.5))
    with torch.inference_mode():
        seen = trace(net, random_pictures()[:1], settings)
    cells = cells_of(classifier, "edit", settings)
    assert cells[0] == {"ratio": None, "cosine": None}
    for cell, unit, (x, y) in zip(
        cells[1:], net.units(), itertools.pairwise(seen.maps), strict=True
    ):
        if unit.downsample is not None:
            with torch.inference_mode():
                carried = unit.downsample(x).numpy()
        elif x.shape == y.shape:
            carried = x.numpy()
        else:
            assert cell == {"ratio": None, "cosine": None}
            continue
        ratio = np.linalg.norm(y.numpy() - carried) / np.linalg.norm(carried)
        assert cell["ratio"] == pytest.approx(ratio, abs=2e-4)
        if x.shape != y.shape:
            assert cell["cosine"] is None
        else:
            a, b = x.numpy().ravel(), y.numpy().ravel()
            cosine = a @ b / np.sqrt((a @ a) * (b @ b))
            assert cell["cosine"] == pytest.approx(cosine, abs=2e-4)


def test_a_unit_that_is_out_edits_nothing(variant: str) -> None:
    cell = cells_of(ready(variant), "edit", with_unit(4, Unit(is_out=True)))[4]
    assert cell["ratio"] == 0
    assert cell["cosine"] == pytest.approx(1, abs=1e-4)


def test_zeros_have_no_ratio_and_no_angle(variant: str) -> None:
    net = lively_net(variant)
    assert isinstance(net.bn1, nn.BatchNorm2d)
    net.bn1.weight.data.zero_()
    net.bn1.bias.data.zero_()
    cells = cells_of(Classifier(net, UNCALIBRATED), "edit")
    assert cells[1] == {"ratio": None, "cosine": None}


def test_an_unknown_lens_is_named() -> None:
    with pytest.raises(lenses.LensError, match="no lens named x"):
        ready("plain").dissect(random_pictures()[0], INTACT, "x")


# --- left, knew -------------------------------------------------------------------------------


def test_left_and_knew_by_numpy(variant: str, made: Readback) -> None:
    classifier = ready(variant)
    classifier.readback = made
    settings = with_unit(4, Unit(dial=2.0))
    left, knew = (cells_of(classifier, lens, settings) for lens in ("left", "knew"))
    with torch.inference_mode():
        maps = trace(classifier.body, random_pictures()[:1], settings).maps
    mean, directions = made.basis.mean.numpy(), made.basis.directions.numpy()
    for place, (features, decoder, score) in enumerate(
        zip(maps, made.decoders, made.scores, strict=True)
    ):
        weights = decoder.levels.numpy() * decoder.scale.numpy()
        outputs = features.flatten().numpy() @ weights + decoder.offset.numpy()
        picture = (outputs[:RANK] @ directions + mean).reshape(32, 32)
        assert picture.min() < 0
        assert picture.max() > 1
        shown = levels(left[place]["picture"], 32)
        assert np.abs(shown - 255 * picture.clip(0, 1)).max() < 2
        assert left[place]["r2"] == score.r2
        assert knew[place] == {
            "digit": outputs[RANK:].argmax(), "accuracy": [score.right, score.total],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("lens", "kind"), [("left", "readback"), ("knew", "readback"), ("near", "nearest")]
)
def test_without_what_it_needs_a_lens_is_closed(variant: str, lens: str, kind: str) -> None:
    classifier = ready(variant)
    classifier.missing[kind] = "Lost (on purpose)."
    with pytest.raises(lenses.LensError, match=re.escape("Lost (on purpose).")):
        cells_of(classifier, lens)


# --- why --------------------------------------------------------------------------------------


def test_why_is_what_captum_finds(variant: str) -> None:
    net, classifier = lively_net(variant), ready(variant)
    found_something = 0
    for picture in random_pictures():
        cells: Any = classifier.dissect(picture, INTACT, "why")[1]
        normalised = ink.normalise(picture[None])
        with torch.inference_mode():
            digit = int(net(normalised).argmax())
        layers = [net.maxpool, *net.units()]
        for cell, layer, size in zip(cells, layers, SIZES, strict=True):
            assert cell["size"] == size
            if size == 1:
                assert cell["picture"] is None
                continue
            found = LayerGradCam(net, layer).attribute(
                normalised, target=digit, relu_attributions=True
            )
            enlarged = F.interpolate(found.detach(), 32, mode="bilinear")[0, 0]
            found_something += int(enlarged.max() > 0)
            assert off(cell["picture"], enlarged) < 1.1
        gradient = Saliency(net).attribute(normalised.requires_grad_(), target=digit)
        assert off(cells[0]["gradient"], gradient[0, 0]) < 1.1
        assert all("gradient" not in cell for cell in cells[1:])
    assert found_something > 10  # of 21


def off(encoded: str, expected: torch.Tensor) -> float:
    """The largest difference, in grey levels, from what is expected up to its scale."""
    scaled = 255 * expected / expected.max().clamp(min=1e-12)
    return float(np.abs(levels(encoded, 32) - scaled.numpy()).max())


def test_why_asks_the_altered_net(variant: str) -> None:
    classifier, settings = ready(variant), with_unit(2, Unit(is_out=True))
    assert cells_of(classifier, "why", settings) != cells_of(classifier, "why")


def test_nothing_to_find_is_black(variant: str) -> None:
    net = lively_net(variant)
    net.fc.weight.data.zero_()
    cells = cells_of(Classifier(net, UNCALIBRATED), "why")
    assert levels(cells[0]["gradient"], 32).max() == 0
    assert all(levels(cell["picture"], 32).max() == 0 for cell in cells if cell["picture"])


def test_why_leaves_no_gradients_behind(variant: str) -> None:
    classifier, picture = ready(variant), random_pictures()[0]
    classifier.dissect(picture, INTACT, "why")
    assert not picture.requires_grad
    assert all(p.grad is None for p in classifier.body.parameters())


# --- near -------------------------------------------------------------------------------------


def test_near_by_numpy(variant: str, near: Nearest) -> None:
    classifier = ready(variant)
    classifier.nearest = near
    settings = with_unit(4, Unit(dial=2.0))
    with torch.inference_mode():
        maps = trace(classifier.body, random_pictures()[:1], settings).maps
    digits, labels = near.digits.numpy(), near.labels.numpy()
    for place, (cell, features) in enumerate(
        zip(cells_of(classifier, "near", settings), maps, strict=True)
    ):
        codes = near.codes[place]
        weights = codes.coder.levels.numpy() * codes.coder.scale.numpy()
        code = features.flatten().numpy() @ weights + codes.coder.offset.numpy()
        distances = np.sqrt(((codes.stored.numpy() - code) ** 2).sum(1)) / (300 + place)
        first, *others = np.argsort(distances)[:3]
        assert cell["digits"] == digits[[first, *others]].tolist()
        theirs = labels[[first, *others]].tolist()
        assert cell["labels"] == theirs
        assert cell["distances"] == pytest.approx(np.sort(distances)[:3].tolist(), rel=2e-3)
        agreed = theirs[1] if theirs[1] == theirs[2] else theirs[0]
        assert cell["digit"] == agreed
        assert cell["accuracy"] == [100 + place, 200]
