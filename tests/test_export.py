import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from resnet import checkpoint, export, ink, mnist, nearest, readback, samples
from resnet.checkpoint import CheckpointError
from resnet.classifier import Classifier, OnePixelConv2d
from resnet.export import File
from tests.conftest import UNCALIBRATED, lively_net, random_pictures


def classifier_of(variant: str) -> Classifier:
    return Classifier(lively_net(variant), {**UNCALIBRATED, "variant": variant})


def test_a_file_is_named_by_its_bytes_and_made_the_same_each_time(variant: str) -> None:
    first, second = (export.weights_of(classifier_of(variant)) for _ in range(2))
    assert first == second
    assert first.name == f"{variant}.{hashlib.sha256(first.raw).hexdigest()}.safetensors"


def test_what_it_holds_is_the_net(variant: str, tmp_path: Path) -> None:
    classifier = classifier_of(variant)
    path = export.weights_of(classifier).write(tmp_path)
    of_net = dict(export.convolutions(export.as_exported(classifier)))
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["about"])
        assert about["variant"] == variant
        assert about["rules"]["ink"]["box"] == ink.BOX
        for name, conv in of_net.items():
            kernel = file.get_tensor(f"{name}.kernel").float() * file.get_tensor(f"{name}.scale")
            assert torch.equal(kernel, export.kernel_of(conv))
            assert conv.bias is not None
            assert torch.equal(file.get_tensor(f"{name}.bias"), conv.bias)
        assert {*of_net, "fc"} == about["convolutions"].keys()
        head = torch.nn.functional.conv2d(
            torch.eye(512)[:, :, None, None], file.get_tensor("fc.kernel").permute(3, 2, 0, 1)
        )
        assert torch.equal(head[:, :, 0, 0].T, classifier.body.fc.weight)


def test_a_kernel_of_one_pixel_is_an_ordinary_one() -> None:
    """With the stride it had, and no padding: the worker knows no other convolution."""
    residual = classifier_of("residual")
    pictures = {512: torch.rand(2, 512, 1, 1), 256: torch.rand(2, 256, 2, 2)}
    found = 0
    for _, conv in export.convolutions(residual):
        if isinstance(conv, OnePixelConv2d):
            kernel = export.kernel_of(conv).permute(3, 2, 0, 1)
            x = pictures[kernel.shape[1]]
            expected = torch.nn.functional.conv2d(x, kernel, conv.bias, conv.stride)
            assert torch.allclose(conv(x), expected, atol=1e-4)
            found += 1
    assert found == 5


def test_one_byte_a_weight_is_near(variant: str) -> None:
    classifier = classifier_of(variant)
    before = classifier.logits(random_pictures())
    after = export.as_exported(classifier).logits(random_pictures())
    assert 0 < (after - before).abs().max() < 0.1 * before.std()
    assert torch.equal(classifier.logits(random_pictures()), before)


def test_the_committed_nets_read_on(classifiers: dict[str, Classifier], variant: str) -> None:
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in range(10)])
    answers = export.as_exported(classifiers[variant]).answer(pictures)
    assert [answer.digit for answer in answers] == list(range(10))


def test_nobody_finds_half_a_file(tmp_path: Path) -> None:
    file = File.named("a", b"whole")
    (tmp_path / file.name).write_bytes(b"who")
    assert not export.is_whole(tmp_path / file.name)
    path = file.write(tmp_path)
    assert path.read_bytes() == b"whole"
    written = path.stat().st_mtime_ns
    assert file.write(tmp_path).stat().st_mtime_ns == written
    assert [path.name] == [one.name for one in tmp_path.iterdir()]


def test_the_read_back_travels_as_it_is(classifiers: dict[str, Classifier], variant: str) -> None:
    file = export.readback_of(variant, checkpoint.FOLDER, classifiers[variant])
    assert file.raw == readback.path_of(variant).read_bytes()


def test_so_do_the_nearest_digits(classifiers: dict[str, Classifier], variant: str) -> None:
    file = export.nearest_of(variant, checkpoint.FOLDER, classifiers[variant])
    assert file.raw == nearest.path_of(variant).read_bytes()


def test_what_is_not_sound_does_not(variant: str) -> None:
    for of in (export.readback_of, export.nearest_of):
        with pytest.raises(CheckpointError):
            of(variant, checkpoint.FOLDER, classifier_of(variant))


def test_the_pictures_of_the_nearest_travel_once(tmp_path: Path) -> None:
    train = mnist.load().train
    file = export.nearest_digits_of({index: train.images[index] for index in (7, 54_999)})
    with safe_open(file.write(tmp_path), "pt") as stored:
        assert stored.get_tensor("indices").tolist() == [7, 54_999]
        assert torch.equal(stored.get_tensor("images"), train.images[[7, 54_999]])


def test_the_test_digits_travel_too(tmp_path: Path) -> None:
    test = mnist.load().test.first(3)
    file = export.digits_of(test)
    with safe_open(file.write(tmp_path), "pt") as stored:
        assert torch.equal(stored.get_tensor("images"), test.images)
        assert torch.equal(stored.get_tensor("labels").long(), test.labels)
