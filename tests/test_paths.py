"""Every net that is left with units out, at once: each as surgery makes it alone."""

import pytest
import torch

from resnet import checkpoint, paths
from resnet.calibration import Calibration
from resnet.classifier import BLANK, Classifier, ready
from resnet.model import ResNet18
from resnet.surgery import trace, without
from tests.conftest import UNCALIBRATED, lively_net, random_pictures


@pytest.fixture(params=checkpoint.VARIANTS)
def net(request: pytest.FixtureRequest) -> ResNet18:
    return lively_net(request.param)


def test_there_are_as_many_ways_as_choices_of_units() -> None:
    found = {variant: paths.ways(lively_net(variant)) for variant in checkpoint.VARIANTS}
    assert {variant: len(ways) for variant, ways in found.items()} == {"residual": 256, "plain": 32}
    for ways in found.values():
        assert ways[0] == ()
        assert len({*ways}) == len(ways)
    assert max(found["residual"], key=len) == (1, 2, 3, 4, 5, 6, 7, 8)
    assert max(found["plain"], key=len) == (1, 2, 4, 6, 8)  # the others change the shape


def test_each_net_says_what_it_says_alone(net: ResNet18) -> None:
    fast = ready(net, torch.device("cpu"))
    (picture,) = random_pictures(1)
    with torch.inference_mode():
        found = paths.logits(fast, picture)
        alone = [trace(fast, picture[None], without(out)).logits for out in paths.ways(fast)]
    assert len({tuple(row) for row in found.tolist()}) == len(found)  # no two nets are one
    torch.testing.assert_close(found, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_the_whole_net_alone_may_refuse() -> None:
    net = lively_net("plain")
    strict = Calibration(1.0, 0.0, 0.0, threshold=0.6)  # whatever it sees is half a digit
    classifier = Classifier(net, {**UNCALIBRATED, "calibration": vars(strict)})
    (picture,) = random_pictures(1)
    whole, *others = classifier.answer_every_way(picture)
    assert whole.digit is None
    assert whole.reason == "not a digit"
    rows = paths.logits(classifier.body, picture).argmax(1).tolist()
    assert [answer.digit for answer in others] == rows[1:]
    assert classifier.answer_every_way(torch.zeros(1, 32, 32)) == [BLANK] * 32
