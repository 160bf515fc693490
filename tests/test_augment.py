import pytest
import torch
from torch.nn import functional as F

from resnet import augment, ink, mnist


def digits(count: int = 64) -> torch.Tensor:
    return ink.frame(mnist.load().train.images[:count])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shape_and_range_stay() -> None:
    pictures = digits()
    varied = augment.augment(pictures, seeded())
    assert varied.shape == pictures.shape
    assert varied.dtype == pictures.dtype
    assert varied.min() >= 0
    assert varied.max() <= 1


def test_a_seed_decides_and_the_input_is_left_alone() -> None:
    pictures = digits()
    before = pictures.clone()
    first = augment.augment(pictures, seeded(1))
    assert torch.equal(first, augment.augment(pictures, seeded(1)))
    assert not torch.equal(first, augment.augment(pictures, seeded(2)))
    assert torch.equal(pictures, before)


def test_each_picture_is_varied_on_its_own() -> None:
    varied = augment.augment(digits(1).repeat(8, 1, 1, 1), seeded())
    assert all(not torch.equal(varied[0], other) for other in varied[1:])


def test_paper_stays_paper() -> None:
    assert (augment.augment(torch.zeros(4, 1, 32, 32), seeded()) == 0).all()


def test_without_amplitude_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROTATION", "SLANT", "STRETCH", "SHIFT", "ELASTIC", "THICKEN", "THIN"):
        monkeypatch.setattr(augment, name, 0.0)
    for name in ("FAINT", "STRONG"):
        monkeypatch.setattr(augment, name, 1.0)
    pictures = digits()
    torch.testing.assert_close(augment.augment(pictures, seeded()), pictures, rtol=0, atol=1e-4)


def test_a_shift_is_in_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROTATION", "SLANT", "STRETCH", "ELASTIC"):
        monkeypatch.setattr(augment, name, 0.0)
    monkeypatch.setattr(augment, "SHIFT", 3.0)
    monkeypatch.setattr(
        augment, "uniform", lambda size, low, high, generator: torch.full(_shape(size), float(high))
    )
    pictures = digits(4)
    # Reading three pixels further right and down moves the ink three pixels left and up.
    expected = F.pad(pictures, [-3, 3, -3, 3])
    torch.testing.assert_close(augment.warp(pictures, seeded()), expected, rtol=0, atol=1e-4)


def _shape(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size,) if isinstance(size, int) else size


def test_width_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "warp", lambda pictures, *_: pictures)
    for name in ("FAINT", "STRONG"):
        monkeypatch.setattr(augment, name, 1.0)
    pictures = digits(256)
    change = (augment.augment(pictures, seeded()) - pictures).flatten(1).sum(1)
    assert (change > 0).sum() > 80
    assert (change < 0).sum() > 80


def test_no_strength_changes_nothing_and_half_of_it_less() -> None:
    pictures = digits(64)
    none, half, whole = (
        (augment.augment(pictures, seeded(), strength) - pictures).abs().mean().item()
        for strength in (0.0, 0.5, 1.0)
    )
    assert none < 1e-6
    assert 0.01 < half < 0.8 * whole


def test_the_picture_is_still_the_digit() -> None:
    """Most of the ink stays within the amplitudes' reach of where it was."""
    pictures = digits(256)
    varied = augment.augment(pictures, seeded())
    reach = F.max_pool2d(pictures, 13, stride=1, padding=6)
    assert ((varied * (reach > 0)).sum() / varied.sum()) > 0.97
