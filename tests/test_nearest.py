import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from resnet import checkpoint, ink, mnist, nearest, readback
from resnet.checkpoint import CheckpointError, Description
from resnet.classifier import Classifier
from resnet.mnist import Mnist, Split
from resnet.model import ResNet
from resnet.nearest import SHOWN, Nearest
from resnet.readback import LEVELS
from tests.conftest import UNCALIBRATED, lively_net, thin
from tests.idx_files import own_folder
from tests.test_readback import FAULTS as FAULTS_OF_READBACK
from tests.test_readback import few_digits

OF_NET = {"variant": "plain", "weights_sha256": "f00"}
COUNT = 100


@dataclass(frozen=True)
class Made:
    net: ResNet
    data: Mnist
    nearest: Nearest
    about: Description


@pytest.fixture(scope="module")
def few() -> Iterator[Made]:
    """Of a plain net and a few of MNIST's digits."""
    data = few_digits()
    net = Classifier(lively_net("plain"), UNCALIBRATED).body
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readback, "trace", thin)
        yield Made(net, data, *nearest.make(net, OF_NET, data, COUNT))


def points(few: Made, split: Split) -> list[np.ndarray]:
    with torch.inference_mode():
        maps = thin(few.net, ink.frame(split.images)).maps
    return [features.flatten(1).double().numpy() for features in maps]


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Each from each, by numpy."""
    return np.stack([np.linalg.norm(theirs - one, axis=1) for one in ours])


# --- made -------------------------------------------------------------------------------------


def test_as_many_of_each_class_are_chosen_and_the_same_each_time(few: Made) -> None:
    digits, labels = few.nearest.digits, few.nearest.labels
    assert torch.equal(digits, nearest.chosen(few.data.train, COUNT))
    assert digits.tolist() == sorted(set(digits.tolist()))
    assert torch.equal(few.data.train.labels[digits], labels)
    assert labels.bincount().tolist() == [COUNT // 10] * 10
    assert digits.tolist() != list(range(COUNT))


def test_a_code_is_the_principal_components_by_numpy() -> None:
    random = np.random.default_rng(0)
    x = random.normal(3, 1, (60, 12)) @ random.normal(0, 1, (12, 90))
    codes = nearest.coded(torch.tensor(x).float(), size=5)
    _, s, v = np.linalg.svd(x - x.mean(0), full_matrices=False)
    expected = (x - x.mean(0)) @ v[:5].T
    # Of each component the sign is free; all have one unit, with which the largest fills a byte.
    found = codes.stored.double().numpy()[:, ::-1] * np.abs(expected).max() / LEVELS
    assert np.abs(np.abs(found) - np.abs(expected)).max() < 0.02 * np.abs(expected).max()
    assert codes.stored.abs().max() == LEVELS
    assert s[5] > 1  # something is left out


def test_with_all_components_the_nearest_are_those_of_the_whole_maps(few: Made) -> None:
    chosen = few.nearest.digits
    stored = points(few, Split(few.data.train.images[chosen], few.data.train.labels[chosen]))
    wanted = points(few, few.data.validation)
    for theirs, ours in zip(stored, wanted, strict=True):
        codes = nearest.coded(torch.tensor(theirs).float(), size=COUNT - 1)
        # What lies beyond the stored digits' own directions is as far from all of them.
        _, _, v = np.linalg.svd(theirs - theirs.mean(0), full_matrices=False)
        within = (ours - theirs.mean(0)) @ v.T @ v + theirs.mean(0)
        expected = apart(within, theirs)
        _, order = codes.nearest(torch.tensor(ours).float())
        found = np.take_along_axis(expected, order.numpy(), 1)
        # One byte a number: another may come first that is hardly farther.
        assert (found <= 1.05 * np.sort(expected, 1)[:, :SHOWN] + 1e-9).mean() > 0.99
        assert (order[:, 0].numpy() == expected.argmin(1)).mean() > 0.9


def test_what_is_near_by_numpy(few: Made) -> None:
    test = few.data.test
    usual = few.data.validation
    for codes, ours, others in zip(
        few.nearest.codes, points(few, test), points(few, usual), strict=True
    ):
        weights = (codes.coder.levels * codes.coder.scale).numpy().astype(float)
        of_test, of_others = (
            apart(x @ weights + codes.coder.offset.numpy(), codes.stored.numpy().astype(float))
            for x in (ours, others)
        )
        median = np.sort(of_others.min(1))[(len(usual) - 1) // 2]
        assert codes.usual == pytest.approx(median, rel=1e-4)
        distances, order = codes.nearest(torch.tensor(ours).float())
        assert distances.numpy() == pytest.approx(np.sort(of_test, 1)[:, :SHOWN] / median, rel=1e-4)
        assert (order.numpy() == np.argsort(of_test, 1, "stable")[:, :SHOWN]).mean() > 0.999


def test_the_scores_by_hand(few: Made) -> None:
    test = few.data.validation
    for codes, ours, score in zip(
        few.nearest.codes, points(few, test), few.nearest.scores, strict=True
    ):
        _, order = codes.nearest(torch.tensor(ours).float())
        right = 0
        for row, label in zip(
            few.nearest.labels[order].tolist(), test.labels.tolist(), strict=True
        ):
            most = max(row.count(digit) for digit in row)
            right += next(digit for digit in row if row.count(digit) == most) == label
        assert score == {"right": right, "total": 200}
    assert few.nearest.scores[0]["right"] > 100  # 100 digits of MNIST, at the start of a random net


@pytest.mark.parametrize(
    ("labels", "digit"), [([4, 4, 9], 4), ([9, 4, 4], 4), ([9, 4, 9], 9), ([9, 4, 7], 9)]
)
def test_the_vote(labels: list[int], digit: int) -> None:
    assert nearest.vote(torch.tensor([labels, [1, 1, 1]])).tolist() == [digit, 1]


def test_of_equals_the_first_is_the_nearest() -> None:
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0)).repeat(4, 1)
    distances, order = nearest.coded(x, size=3).nearest(x[:6])
    assert order.tolist() == [[digit, digit + 6, digit + 12] for digit in range(6)]
    assert torch.equal(distances, distances[:, :1].expand(-1, SHOWN))


def test_in_a_dead_map_all_are_equally_near() -> None:
    codes = nearest.coded(torch.zeros(20, 7))
    distances, order = codes.nearest(torch.zeros(1, 7))
    assert distances.tolist() == [[0.0] * SHOWN]
    assert order.tolist() == [[0, 1, 2]]


# --- stored -----------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(few: Made, tmp_path: Path) -> None:
    path = nearest.path_of("plain", tmp_path)
    nearest.save(path, few.nearest, few.about)
    found, about = nearest.load(path, "f00")
    assert torch.equal(found.digits, few.nearest.digits)
    assert torch.equal(found.labels, few.nearest.labels)
    for ours, theirs in zip(found.codes, few.nearest.codes, strict=True):
        assert torch.equal(ours.stored, theirs.stored)
        assert ours.usual == pytest.approx(theirs.usual)
        for name in ("levels", "scale", "offset"):
            assert torch.equal(getattr(ours.coder, name), getattr(theirs.coder, name))
    assert found.scores == few.nearest.scores
    assert found.data_sha256 == few.data.sha256
    assert about["torch"] == torch.__version__


def lack_a_code(path: Path) -> None:
    tensors, about = checkpoint.read(path)
    tensors["unit 5.codes"] = tensors["unit 5.codes"][1:]
    checkpoint.write(path, tensors, about)


# What can happen to a file is the same as beside it.
FAULTS = {
    name: (spoil, message.replace("a read-back", "nearest digits"))
    for name, (spoil, message) in FAULTS_OF_READBACK.items()
    if name != "scored with a word"
} | {"a digit without a code": (lack_a_code, "not nearest digits of this project")}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_fault_and_remedy(
    few: Made, tmp_path: Path, fault: str
) -> None:
    path = nearest.path_of("plain", tmp_path)
    nearest.save(path, few.nearest, few.about)
    nearest.load(path, "f00")
    spoil, message = FAULTS[fault]
    spoil(path)
    with pytest.raises(CheckpointError) as error:
        nearest.load(path, "f00")
    text = str(error.value)
    assert str(path) in text
    assert message in text
    assert "python -m resnet nearest" in text
    assert "\n" not in text


def test_values_that_are_not_finite_are_not_stored(few: Made, tmp_path: Path) -> None:
    codes = [dataclasses.replace(few.nearest.codes[0], usual=float("nan")), *few.nearest.codes[1:]]
    path = nearest.path_of("plain", tmp_path)
    with pytest.raises(CheckpointError, match=r"stem\.usual has values that are not finite"):
        nearest.save(path, dataclasses.replace(few.nearest, codes=codes), OF_NET)
    assert not path.exists()


# --- the digits -------------------------------------------------------------------------------


def test_pictures_are_those_of_the_training_file(few: Made) -> None:
    digits = few.nearest.digits[::7]
    of_each = [dataclasses.replace(few.nearest, digits=part) for part in (digits[:9], digits[5:])]
    found = nearest.pictures(of_each)
    assert list(found) == digits.tolist()
    for index, picture in found.items():
        assert torch.equal(picture, few.data.train.images[index])


def test_pictures_of_other_data_are_refused(few: Made, tmp_path: Path) -> None:
    with pytest.raises(mnist.DataError, match="not the data that the nearest digits are of"):
        nearest.pictures([few.nearest], own_folder(tmp_path))


def test_the_committed_files_are_small_and_of_the_committed_nets(variant: str) -> None:
    path = nearest.path_of(variant)
    assert path.stat().st_size < 1_000_000
    _, about = checkpoint.read(checkpoint.path_of(variant))
    found, _ = nearest.load(path, about["weights_sha256"])
    assert found.codes[0].stored.shape == (nearest.COUNT, nearest.SIZE)
