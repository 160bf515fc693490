import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from resnet import checkpoint, ink, mnist, readback
from resnet.checkpoint import CheckpointError, Description
from resnet.classifier import Classifier
from resnet.mnist import Mnist
from resnet.model import ResNet
from resnet.readback import DIGITS, RANK, Decoder, Readback, Score
from tests.conftest import UNCALIBRATED, lively_net, thin

OF_NET = {"variant": "plain", "weights_sha256": "f00"}
RIDGES = (10.0, 0.01)


@dataclass(frozen=True)
class Fitted:
    net: ResNet
    data: Mnist
    readback: Readback
    about: Description


@pytest.fixture(scope="module")
def fitted() -> Iterator[Fitted]:
    """To a plain net and a few of MNIST's digits."""
    data = few_digits()
    net = Classifier(lively_net("plain"), UNCALIBRATED).body
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readback, "trace", thin)
        yield Fitted(net, data, *readback.fit(net, OF_NET, data, RIDGES))


def few_digits() -> Mnist:
    whole = mnist.load()
    return dataclasses.replace(
        whole,
        train=whole.train.first(600),
        validation=whole.validation.first(200),
        test=whole.test.first(200),
    )


def weights_of(decoder: Decoder) -> np.ndarray:
    return (decoder.levels.double() * decoder.scale).numpy()


def off(weights: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in levels of which a column's largest weight has 127."""
    return float((np.abs(weights - expected) / np.abs(expected).max(0) * 127).max())


# --- fitted -----------------------------------------------------------------------------------


def test_ridge_regression_is_least_squares_with_the_penalty_as_more_rows() -> None:
    random = np.random.default_rng(0)
    x = random.normal(3, 2, (50, 6)) @ random.normal(0, 1, (6, 6))
    y = x @ random.normal(0, 1, (6, 2)) + random.normal(7, 1, (50, 2))
    rows = torch.tensor(np.hstack([x, y, np.ones((50, 1))]))
    ridges = (0.0, 0.3)
    for ridge, found in zip(
        ridges, readback.ridge_regression(rows.T @ rows, 2, ridges), strict=True
    ):
        centred = x - x.mean(0)
        penalty = np.sqrt(50 * ridge * x.var(0).mean()) * np.eye(6)
        expected, *_ = np.linalg.lstsq(
            np.vstack([centred, penalty]), np.vstack([y - y.mean(0), np.zeros((6, 2))])
        )
        weights = weights_of(found)
        assert off(weights, expected) < 0.51
        # The offset takes the rounding of the weights into account.
        rest = y - x @ weights - found.offset.numpy()
        assert np.abs(rest.mean(0)).max() < 1e-4


def test_the_basis_is_that_of_numpys_singular_vectors() -> None:
    train = few_digits().train
    basis = readback.principal_components(train)
    pictures = ink.frame(train.images).flatten(1).double().numpy()
    _, _, v = np.linalg.svd(pictures - pictures.mean(0), full_matrices=False)
    ours = basis.directions.double().numpy()
    assert np.abs(ours.T @ ours - v[:RANK].T @ v[:RANK]).max() < 2e-3
    assert np.abs(basis.mean.numpy() - pictures.mean(0)).max() < 1e-6


def test_the_last_unit_by_numpy(fitted: Fitted) -> None:
    train = fitted.data.train
    pictures = ink.frame(train.images)
    with torch.inference_mode():
        x = thin(fitted.net, pictures).maps[-1].flatten(1).double().numpy()
    basis = fitted.readback.basis
    targets = np.hstack([basis.coefficients(pictures).numpy(), np.eye(10)[train.labels.numpy()]])
    best = [fitted.about["ridges"][kind][-1] for kind in ("picture", "digit")]
    for ridge, columns in zip(best, (slice(0, RANK), slice(RANK, None)), strict=True):
        y = targets[:, columns]
        centred = x - x.mean(0)
        penalty = np.sqrt(len(x) * ridge * x.var(0).mean()) * np.eye(16)
        weights, *_ = np.linalg.lstsq(
            np.vstack([centred, penalty]),
            np.vstack([y - y.mean(0), np.zeros((16, y.shape[1]))]),
        )
        assert off(weights_of(fitted.readback.decoders[-1])[:, columns], weights) < 0.51


def test_the_scores_by_hand(fitted: Fitted) -> None:
    test = fitted.data.test
    pictures = ink.frame(test.images)
    with torch.inference_mode():
        read, scores = fitted.readback.read(thin(fitted.net, pictures).maps)
    differences = (pictures - pictures.mean(0)).square().sum()
    for picture, of_ten, found in zip(read, scores, fitted.readback.scores, strict=True):
        expected = 1 - (picture - pictures).square().sum() / differences
        assert found.r2 == pytest.approx(expected.item(), abs=1e-4)
        assert found.right == int((of_ten.argmax(1) == test.labels).sum())
        assert found.total == 200
    # From 600 pictures, at the start of a random net: much, and more than at its end.
    assert fitted.readback.scores[0].r2 > fitted.readback.scores[-1].r2 + 0.1
    assert fitted.readback.scores[0].right > 120


def test_each_place_has_the_ridge_weights_that_validation_likes_best(fitted: Fitted) -> None:
    data = dataclasses.replace(fitted.data, test=fitted.data.validation)
    by_ridge = [readback.fit(fitted.net, OF_NET, data, [ridge])[0].scores for ridge in RIDGES]
    for place, scores in enumerate(zip(*by_ridge, strict=True)):
        r2, right = [score.r2 for score in scores], [score.right for score in scores]
        assert fitted.about["ridges"]["picture"][place] == RIDGES[r2.index(max(r2))]
        assert fitted.about["ridges"]["digit"][place] == RIDGES[right.index(max(right))]


def test_decoders_that_read_nothing_give_the_mean_and_one_digit(fitted: Fitted) -> None:
    train = fitted.data.train
    basis = readback.principal_components(train)
    offset = torch.zeros(RANK + DIGITS)
    offset[RANK + 7] = 1
    decoders = [
        dataclasses.replace(decoder, levels=torch.zeros_like(decoder.levels), offset=offset)
        for decoder in fitted.readback.decoders
    ]
    (scores,) = readback.judge(fitted.net, [Readback(basis, decoders, [])], train, "")
    sevens = int((train.labels == 7).sum())
    assert scores == [Score(0.0, sevens, 600)] * 9


def test_the_ceiling_is_the_variance_that_the_components_hold(fitted: Fitted) -> None:
    train = fitted.data.train
    basis = readback.principal_components(train)
    pictures = ink.frame(train.images).flatten(1).double().numpy()
    values = np.linalg.svd(pictures - pictures.mean(0), compute_uv=False) ** 2
    expected = values[:RANK].sum() / values.sum()
    assert readback.ceiling(basis, train) == pytest.approx(expected, abs=1e-3)
    assert all(score.r2 < fitted.about["ceiling"] for score in fitted.readback.scores)


# --- stored -----------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(fitted: Fitted, tmp_path: Path) -> None:
    path = readback.path_of("plain", tmp_path)
    readback.save(path, fitted.readback, fitted.about)
    found, about = readback.load(path, "f00")
    assert torch.equal(found.basis.mean, fitted.readback.basis.mean)
    assert torch.equal(found.basis.directions, fitted.readback.basis.directions)
    for ours, theirs in zip(found.decoders, fitted.readback.decoders, strict=True):
        for name in ("levels", "scale", "offset"):
            assert torch.equal(getattr(ours, name), getattr(theirs, name))
    assert found.scores == fitted.readback.scores
    assert about["pictures"] == 600
    assert about["torch"] == torch.__version__
    assert about["data_sha256"] == fitted.data.sha256


def test_a_file_is_small(made: Readback, tmp_path: Path) -> None:
    readback.save(tmp_path / "file", made, OF_NET)
    assert (tmp_path / "file").stat().st_size < 4_000_000


def test_values_that_are_not_finite_are_not_stored(made: Readback, tmp_path: Path) -> None:
    made.decoders[3].scale[5] = torch.nan
    path = readback.path_of("plain", tmp_path)
    with pytest.raises(CheckpointError, match=r"unit 3\.scale has values that are not finite"):
        readback.save(path, made, OF_NET)
    assert not path.exists()


def remove(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, 1000)


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-100] ^= 1
    path.write_bytes(raw)


def lack(path: Path) -> None:
    tensors, about = checkpoint.read(path)
    del tensors["unit 5.levels"]
    checkpoint.write(path, tensors, about)


def refit(path: Path) -> None:
    tensors, about = checkpoint.read(path)
    checkpoint.write(path, tensors, {**about, "weights_sha256": "ba5"})


def unscore(path: Path) -> None:
    tensors, about = checkpoint.read(path)
    about["scores"][3]["r2"] = "all"
    checkpoint.write(path, tensors, about)


def score_less(path: Path) -> None:
    tensors, about = checkpoint.read(path)
    checkpoint.write(path, tensors, {**about, "scores": about["scores"][:-1]})


FAULTS = {
    "scored with a word": (unscore, "not a read-back of this project"),
    "a place without a score": (score_less, "not a read-back of this project"),
    "missing": (remove, "not found"),
    "cut": (cut, "cut, damaged or not"),
    "flipped": (flip, "damaged, its sha256 is"),
    "lacking": (lack, "not a read-back of this project"),
    "of other weights": (refit, "was fitted to other weights"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_fault_and_remedy(
    made: Readback, tmp_path: Path, fault: str
) -> None:
    path = readback.path_of("plain", tmp_path)
    readback.save(path, made, OF_NET)
    readback.load(path, "f00")
    spoil, message = FAULTS[fault]
    spoil(path)
    with pytest.raises(CheckpointError) as error:
        readback.load(path, "f00")
    text = str(error.value)
    assert str(path) in text
    assert message in text
    assert "python -m resnet readback" in text
    assert "\n" not in text
