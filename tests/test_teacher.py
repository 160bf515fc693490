"""bench/teacher.py: the fine nets, and learning from them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from bench import teacher
from bench.teacher import FineNet, TaughtRun, Teacher
from resnet import checkpoint, handwriting, ink, mnist, training
from resnet.mnist import Split
from resnet.training import Recipe, Run

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=1, batch_size=14, written=3, printed=2, not_digits=1, peak_rate=0.05)


@pytest.fixture(scope="module")
def two() -> Teacher:
    torch.manual_seed(0)
    return Teacher([FineNet(), FineNet()])


def trained(run: Run, labels: Tensor | None = None) -> dict[str, Tensor]:
    """The weights after one epoch."""
    few = mnist.load().train.first(24)
    train = Split(few.images, few.labels if labels is None else labels)
    assert training.fit(run, train, few.first(1), few.first(1), lambda: None, lambda: False)
    return {name: tensor.clone() for name, tensor in run.net.state_dict().items()}


def equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_its_maps_are_twice_as_fine(two: Teacher) -> None:
    net = two.nets[0]
    pictures = torch.rand(2, 1, 32, 32)
    sides = []
    x = net.stem(pictures)
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        x = stage(x)
        sides.append(tuple(x.shape[2:]))
    assert sides == [(16, 16), (8, 8), (4, 4), (2, 2)]
    assert net(pictures).shape == (2, 10)


def test_its_answer_is_the_mean_of_its_nets_none_included(two: Teacher) -> None:
    inputs = torch.randn(5, 1, 32, 32)
    found = two.probabilities(inputs).numpy()
    expected = np.zeros((5, 11))
    for net in two.nets:
        powers = np.exp(np.pad(net(inputs).numpy(), ((0, 0), (0, 1))))  # the logit of none is 0
        expected += powers / powers.sum(1, keepdims=True) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_labels_and_teacher_count_by_their_shares(
    two: Teacher, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "SHARE", share)
    of = ("plain", RECIPE, 0, "data", handwriting.extras(30), CPU)
    taught = trained(TaughtRun(*of, teacher=two))
    other_labels = trained(TaughtRun(*of, teacher=two), torch.zeros(24, dtype=torch.long))
    assert equal(taught, other_labels) == (share == 1)
    assert equal(taught, trained(Run(*of))) == (share == 0)


def test_what_a_teacher_says_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes everything for a 3, or else a 5, whatever the label."""
    monkeypatch.setattr(teacher, "SHARE", 1.0)
    net = FineNet()
    torch.nn.init.zeros_(net.fc.weight)
    net.fc.bias.data = torch.tensor([0.0, 0, 0, 4, 0, 3, 0, 0, 0, 0])
    always = Teacher([net])
    recipe = Recipe(50, 24, written=0, printed=0, not_digits=0, peak_rate=0.02)
    run = TaughtRun("plain", recipe, 0, "data", handwriting.extras(30), CPU, teacher=always)
    trained(run)
    inputs = ink.normalise(ink.frame(mnist.load().train.images[:24]))
    with torch.no_grad():
        said = teacher.with_none(run.net.eval()(inputs)).softmax(1)
    # The teacher gives .89 to both together, and the labels are of all ten kinds.
    assert said[:, [3, 5]].sum(1).mean() > 0.8
    assert said.mean(0).argmax() == 3


def test_a_teacher_is_trained_stored_and_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = handwriting.extras(30)
    monkeypatch.setattr(handwriting, "extras", lambda *_, **__: few)
    data = mnist.load()
    small = mnist.Mnist(data.train.first(24), data.validation.first(20), data.test, data.sha256)
    assert teacher.load(tmp_path) is None
    for seed in teacher.SEEDS:
        told = teacher.train(seed, small, tmp_path, RECIPE)
        assert told.startswith(f"teacher-{seed}.safetensors: ")
        assert "/20 on validation" in told
    loaded = teacher.load(tmp_path)
    assert loaded is not None
    tensors, about = checkpoint.read(teacher.path_of(2, tmp_path))
    assert about["seed"] == 2
    assert torch.equal(loaded.nets[1].fc.weight, tensors["fc.weight"])
    assert not any(p.requires_grad for net in loaded.nets for p in net.parameters())
