import copy
import math

import pytest
import torch

from bench.first_weights import count_live_taps_only
from resnet import mnist
from resnet.depth import ONE_ERROR, build
from resnet.gradients import gradients
from resnet.model import LiveConv2d
from resnet.textbook import pictures_of


def test_kernels_grow_by_the_share_of_their_taps_that_are_live(variant: str) -> None:
    before = build(variant, 18, False, 1).cpu()
    after = copy.deepcopy(before)
    count_live_taps_only(after, torch.zeros(1, 1, 32, 32))
    grown = {
        name: (dict(after.named_modules())[name].weight / conv.weight).mean().item()
        for name, conv in before.named_modules()
        if isinstance(conv, LiveConv2d)
    }
    # By hand: three taps an axis, but at the edge two; at the edge of 2x2 all are, on 1x1 one is.
    assert grown["layer1.0.conv1"] == pytest.approx(3 / (22 / 8))
    assert grown["layer2.1.conv1"] == pytest.approx(3 / (10 / 4))
    assert grown["layer3.1.conv1"] == pytest.approx(3 / 2)
    assert grown["layer4.0.conv1"] == pytest.approx(3 / 2)  # from 2x2 to its first pixel
    assert grown["layer4.1.conv2"] == pytest.approx(3)
    if variant == "residual":
        assert grown["layer4.0.downsample.0"] == 1  # a kernel of one tap


def test_a_plain_net_without_norm_vanishes_because_padding_is_counted() -> None:
    digits = mnist.load().train.first(ONE_ERROR)
    pictures = pictures_of(digits.images)
    stem = {}
    for only_live in (False, True):
        for depth in (18, 66):
            net = build("plain", depth, False, 1).cpu()
            if only_live:
                count_live_taps_only(net, pictures[:1])
            value = gradients(net, pictures, digits.labels)[0]
            assert value is not None
            stem[only_live, depth] = math.log10(value)
    assert stem[False, 66] < stem[False, 18] - 6
    assert abs(stem[True, 66] - stem[True, 18]) < 1.5
