import pytest
import torch
from torch import nn

from resnet import checkpoint, ink, mnist, samples
from resnet.classifier import BLANK, Classifier, cut_to_live_taps, fold_batch_norms
from resnet.model import LiveConv2d
from tests.conftest import lively_net


def test_logits_are_those_of_the_net_as_trained(variant: str) -> None:
    net = lively_net(variant)
    pictures = torch.rand(16, 1, 32, 32)
    with torch.inference_mode():
        expected = net(ink.normalise(pictures))
    assert expected.std() > 0.1  # a dead net would agree with anything
    assert (Classifier(net, {}).logits(pictures) - expected).abs().max() < 1e-4


def test_logits_of_the_committed_nets(classifiers: dict[str, Classifier], variant: str) -> None:
    net, _ = checkpoint.load(checkpoint.path_of(variant), variant)
    pictures = ink.frame(mnist.load().validation.images[:64])
    with torch.inference_mode():
        expected = net(ink.normalise(pictures))
    assert (classifiers[variant].logits(pictures) - expected).abs().max() < 1e-4


def test_the_net_it_was_made_from_is_left_alone(variant: str) -> None:
    net = lively_net(variant).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    Classifier(net, {})
    assert net.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_nothing_is_left_to_fold_or_cut(variant: str) -> None:
    net = lively_net(variant)
    cut = cut_to_live_taps(fold_batch_norms(net))
    assert not [m for m in cut.modules() if isinstance(m, nn.BatchNorm2d | LiveConv2d)]
    for ready in (cut, Classifier(net, {}).net):
        weights = sum(p.numel() for p in ready.parameters() if p.ndim > 1)
        whole = sum(p.numel() for p in net.parameters() if p.ndim > 1)
        assert weights / whole == pytest.approx(0.375, abs=0.01)


def test_a_batch_is_its_pictures_one_by_one(variant: str) -> None:
    classifier = Classifier(lively_net(variant), {})
    pictures = torch.rand(7, 1, 32, 32)
    together = classifier.answer(pictures)
    for picture, answer in zip(pictures, together, strict=True):
        (alone,) = classifier.answer(picture[None])
        assert alone.digit == answer.digit
        assert alone.probabilities == pytest.approx(answer.probabilities, abs=1e-5)
    assert classifier.answer(pictures[:0]) == []


def test_probabilities(variant: str) -> None:
    classifier = Classifier(lively_net(variant), {})
    pictures = torch.rand(7, 1, 32, 32)
    expected = classifier.logits(pictures).softmax(1)
    for row, answer in zip(expected, classifier.answer(pictures), strict=True):
        assert answer.probabilities is not None
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
        assert answer.probabilities == pytest.approx(row.tolist(), abs=1e-6)
        assert 0 <= answer.is_digit <= 1


def test_the_samples_are_read(classifiers: dict[str, Classifier], variant: str) -> None:
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in range(10)])
    answers = classifiers[variant].answer(pictures)
    assert [answer.digit for answer in answers] == list(range(10))
    assert all(answer.reason is None and answer.is_digit > 0.5 for answer in answers)


def test_blank_gives_no_answer_beside_one_that_does(
    classifiers: dict[str, Classifier], variant: str
) -> None:
    pictures = torch.stack([torch.zeros(1, 32, 32), ink.from_strokes(samples.sample(3))])
    blank, three = classifiers[variant].answer(pictures)
    assert blank == BLANK
    assert blank.as_json() == {
        "digit": None, "probabilities": None, "is_digit": 0.0, "reason": "blank",
    }  # fmt: skip
    assert three.digit == 3


def test_less_than_even_odds_is_no_answer(variant: str) -> None:
    net = lively_net(variant)
    net.fc.weight.data.zero_()
    net.fc.bias.data.zero_()
    (answer,) = Classifier(net, {}).answer(torch.rand(1, 1, 32, 32))
    assert answer.digit is None
    assert answer.reason == "not a digit"
    assert answer.probabilities == pytest.approx([0.1] * 10)
