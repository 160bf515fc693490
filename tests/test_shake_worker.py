"""The page's worker shakes as torch does: the same first weights, noise and gradients by seed."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from resnet import export, ink, mnist, samples
from resnet.checkpoint import VARIANTS
from resnet.studies import shake
from resnet.studies.depth import WIDTH
from resnet.studies.shake import Shaken, Shaker
from ui.reading import encoded
from ui.shake import as_json

SCRIPT = Path(__file__).parent / "scripts" / "shaken.js"
# Label, layers, seed, nudge.
WISHES = [(7, 18, 1, 0.02), (3, 18, 2**32 - 1, 0.002), (4, 34, 12345, 0.006), (0, 66, 2**31, 0.02)]

# Of a gradient's length, by layers: how far the worker, in float32, may be off. Two gradients that
# have nothing to do with each other are 1.4 apart.
OFF = {18: 2e-4, 34: 1e-2, 66: 0.5}


def picture_of(digit: int) -> Tensor:
    """A sample in whole grey levels, as it travels."""
    picture = ink.from_strokes(samples.sample(digit))
    return ink.from_grey_levels(ink.grey_levels(picture))


@pytest.fixture(scope="module")
def others() -> Tensor:
    return shake.company(mnist.load().train)


@pytest.fixture(scope="module")
def told(others: Tensor) -> list[dict[str, Any]]:
    """What the worker says to each of the wishes."""
    rules = {"variants": VARIANTS, "width": WIDTH, "grain": shake.GRAIN}
    company = base64.b64encode(b"".join(map(ink.grey_levels, others))).decode()
    lines = [
        json.dumps(
            {
                "wish": {
                    "picture": encoded(picture_of(label)),
                    "label": label,
                    "layers": layers,
                    "seed": seed,
                    "nudge": nudge,
                    "others": company,
                    "rules": rules,
                },
                "ink": export.rules()["ink"],
            }
        )
        for label, layers, seed, nudge in WISHES
    ]
    node = Path(sys.executable).with_name("node")
    ran = subprocess.run(
        [str(node), str(SCRIPT)], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def expected_of(number: int, others: Tensor) -> Shaken:
    label, layers, seed, nudge = WISHES[number]
    (found,) = Shaker(layers, seed).shake(picture_of(label), label, [nudge], others)
    return found


@pytest.mark.parametrize("number", range(len(WISHES)))
def test_gradients_are_torchs(told: list[dict[str, Any]], others: Tensor, number: int) -> None:
    """Within what rounding makes of them, which depth enlarges."""
    expected = expected_of(number, others)
    found, layers = told[number], WISHES[number][1]
    nudged = torch.tensor(found["nudged"])
    assert torch.allclose(nudged, expected.nudged.flatten(), atol=1e-7)
    for variant, gradients in expected.gradients.items():
        for ours, theirs in zip(gradients, found["gradients"][variant], strict=True):
            # The worker's is at the normalised pixels.
            scaled = torch.tensor(theirs) / ink.STD
            off = (scaled - ours.flatten()).norm() / ours.norm()
            assert off < OFF[layers], (variant, off)
        if layers < 66:
            cosine = found["reply"]["nets"][variant]["cosine"]
            assert cosine == pytest.approx(expected.cosine(variant), abs=OFF[layers])


def test_the_reply_is_the_servers(told: list[dict[str, Any]], others: Tensor) -> None:
    expected = as_json(expected_of(0, others))
    found = told[0]["reply"]
    assert found.keys() == expected.keys()
    pairs = [(found[name], expected[name]) for name in ("drawn", "nudged")]
    for variant, net in expected["nets"].items():
        assert found["nets"][variant].keys() == net.keys()
        pairs += zip(found["nets"][variant]["pictures"], net["pictures"], strict=True)
    for ours, theirs in pairs:
        levels = [torch.tensor(list(base64.b64decode(one))) for one in (ours, theirs)]
        assert levels[0].float().std() > 10
        assert (levels[0] - levels[1]).abs().max() <= 1


def test_a_gradient_at_another_seed_is_another(told: list[dict[str, Any]]) -> None:
    first, second = (torch.tensor(one["gradients"]["plain"][0]) for one in told[:2])
    assert abs(F.cosine_similarity(first, second, 0)) < 0.5
