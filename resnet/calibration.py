"""From logits to probabilities that come true as often as they say, and "is it a digit".

Of pictures that get 90 % nine in ten should be right. Nets are surer than that, or with smoothed
labels less sure, and dividing the logits by one number, the temperature, mends it without changing
a single answer (Guo et al.: On Calibration of Modern Neural Networks, arXiv 1706.04599).

Whether a picture is a digit at all is read from the logsumexp of the logits, the negative free
energy, which training has made large for digits and small for the rest (see training.loss_of); a
logistic curve makes it a probability (Platt: Probabilistic Outputs for Support Vector Machines,
1999). All four numbers are fitted on validation pictures and stored with the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

NO_DIGIT = -1  # the label of a picture that is no digit
ANSWERED = 0.999  # the share of validation digits that the threshold lets through
# For a net that has learned nothing: every digit is a tenth, and no picture is refused for being
# on the wrong side of even odds by the last bit.
HOTTEST, EVEN = 1000.0, 0.49


@dataclass(frozen=True)
class Calibration:
    """Of one net."""

    temperature: float  # the logits are divided by it
    slope: float  # of the logistic curve over the logsumexp of the logits ...
    offset: float  # ... and its value at 0
    threshold: float  # where is_digit is less, the net should not answer

    def probabilities(self, logits: Tensor) -> Tensor:
        """(N, 10) logits -> (N, 10), what each digit's probability is if the picture is one."""
        return (logits / self.temperature).softmax(1)

    def is_digit(self, logits: Tensor) -> Tensor:
        """(N, 10) logits -> (N,), the probability of being a digit, at even odds beforehand."""
        return (self.slope * logits.logsumexp(1) + self.offset).sigmoid()


def calibrate(logits: Tensor, labels: Tensor) -> Calibration:
    """From (N, 10) logits of validation pictures and their (N,) labels, 0 to 9 or NO_DIGIT."""
    logits = logits.double()
    is_digit = labels != NO_DIGIT
    digits, lse = logits[is_digit], logits.logsumexp(1)
    # As if there were as many digits as others: how many of each we made says nothing about what
    # visitors draw.
    share = is_digit.double().mean()
    weights = torch.where(is_digit, 0.5 / share, 0.5 / (1 - share))

    def temperature_loss(log_temperature: Tensor) -> Tensor:
        return F.cross_entropy(digits / log_temperature.exp(), labels[is_digit])

    def curve_loss(curve: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            curve[0] * lse + curve[1], is_digit.double(), weights
        )

    temperature = minimise(temperature_loss, torch.zeros((), dtype=torch.double)).exp().item()
    slope, offset = minimise(curve_loss, torch.tensor([1.0, 0.0], dtype=torch.double)).tolist()
    chances = (slope * lse[is_digit] + offset).sigmoid()
    threshold = chances.quantile(1 - ANSWERED).item()
    return Calibration(min(temperature, HOTTEST), slope, offset, min(threshold, EVEN))


def minimise(loss: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """Where a smooth function of a few numbers is least, by L-BFGS."""
    at = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([at], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(at)
        value.backward()
        return value

    optimizer.step(closure)
    return at.detach()


def expected_calibration_error(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    """By how much confidence and accuracy differ, over bins of equal width, weighted by size.

    (N, 10) probabilities and (N,) labels -> 0 to 1; Guo et al., section 2, equation 3.
    """
    confidence, said = probabilities.max(1)
    right = (said == labels).double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    gaps = torch.zeros(bins, dtype=torch.double).index_add(0, which, right - confidence)
    return gaps.abs().sum().item() / len(labels)
