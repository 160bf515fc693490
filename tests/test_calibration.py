import math
from dataclasses import asdict

import pytest
import torch
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, logsumexp, softmax
from torch import Tensor

from resnet.calibration import (
    ANSWERED,
    NO_DIGIT,
    Calibration,
    calibrate,
    expected_calibration_error,
)
from resnet.checkpoint import is_calibration


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    """Logits that are too sure by a factor of 2.5, and those of pictures that are no digit."""
    generator = torch.Generator().manual_seed(0)
    honest = 2 * torch.randn(4000, 10, generator=generator, dtype=torch.double)
    labels = honest.softmax(1).multinomial(1, generator=generator)[:, 0]
    others = torch.randn(1000, 10, generator=generator, dtype=torch.double) - 2
    none = torch.full((1000,), NO_DIGIT)
    return torch.cat([2.5 * honest, others]), torch.cat([labels, none])


def test_the_temperature_is_found_again(data: tuple[Tensor, Tensor]) -> None:
    logits, labels = data
    found = calibrate(logits, labels).temperature
    assert found == pytest.approx(2.5, rel=0.05)

    digits = labels != NO_DIGIT
    x, y = logits[digits].numpy(), labels[digits].numpy()

    def loss(temperature: float) -> float:
        return -float((x[range(len(y)), y] / temperature - logsumexp(x / temperature, 1)).mean())

    expected = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-8})
    assert found == pytest.approx(expected.x, abs=1e-4)


def test_the_curve_is_the_logistic_regression(data: tuple[Tensor, Tensor]) -> None:
    logits, labels = data
    lse = logsumexp(logits.numpy(), 1)
    digits = (labels != NO_DIGIT).numpy()

    def loss(curve: list[float]) -> float:
        logit = curve[0] * lse + curve[1]
        # digits and others weigh alike, however many there are
        return -float(log_expit(logit[digits]).mean() + log_expit(-logit[~digits]).mean()) / 2

    expected = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7}).x
    found = calibrate(logits, labels)
    assert (found.slope, found.offset) == pytest.approx(tuple(expected), abs=1e-3)


def test_the_threshold_lets_its_share_of_digits_through(data: tuple[Tensor, Tensor]) -> None:
    logits, labels = data
    found = calibrate(logits, labels)
    chances = found.is_digit(logits[labels != NO_DIGIT])
    assert (chances >= found.threshold).double().mean() == pytest.approx(ANSWERED, abs=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1e-6, 1e-3, 0.1])
def test_a_net_that_learned_nothing_gives_every_digit_a_tenth(noise: float) -> None:
    """Whatever it is shown, and refuses hardly any."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(10, generator=generator) + noise * torch.randn(
        3000, 10, generator=generator
    )
    labels = torch.cat([torch.arange(10).repeat(200), torch.full((1000,), NO_DIGIT)])
    found = calibrate(logits, labels)
    assert is_calibration(asdict(found))
    assert found.probabilities(logits) == pytest.approx(torch.full((3000, 10), 0.1), abs=0.03)
    assert (found.is_digit(logits[:2000]) >= found.threshold).double().mean() > 0.99


def test_probabilities_and_is_digit_by_hand() -> None:
    logits = torch.tensor([[math.log(3.0)] + [0.0] * 9])
    calibration = Calibration(temperature=2.0, slope=3.0, offset=-1.0, threshold=0.5)
    probabilities = calibration.probabilities(logits)
    assert probabilities[0].tolist() == pytest.approx(softmax([math.log(3) / 2] + [0.0] * 9))
    assert calibration.is_digit(logits).item() == pytest.approx(expit(3 * math.log(12) - 1))


def test_calibration_error_by_hand() -> None:
    # Ten answers of 95 %, nine of them right, and ten of 55 %, five of them right.
    sure, unsure = [0.95, 0.05] + [0.0] * 8, [0.55, 0.45] + [0.0] * 8
    labels = [0] * 9 + [1] + [0] * 5 + [1] * 5
    error = expected_calibration_error(
        torch.tensor([sure] * 10 + [unsure] * 10), torch.tensor(labels)
    )
    assert error == pytest.approx((0.05 + 0.05) / 2, abs=1e-6)


def test_a_perfect_and_certain_net_has_no_calibration_error() -> None:
    labels = torch.arange(10)
    assert expected_calibration_error(torch.eye(10), labels) == 0
    assert expected_calibration_error(torch.eye(10), labels.flip(0)) == 1
