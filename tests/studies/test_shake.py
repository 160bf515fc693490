import math

import pytest
import torch
from torch.nn import functional as F

from resnet import ink, mnist, samples
from resnet.model import LiveConv2d
from resnet.studies import depth, shake
from resnet.studies.shake import BATCH, GRAIN, SEEDS, Draws, Shaken, Shaker, build, input_gradient

PICTURE = ink.from_strokes(samples.sample(7))


@pytest.fixture(scope="module")
def others() -> torch.Tensor:
    return shake.company(mnist.load().train)


def mulberry32(seed: int, count: int) -> list[float]:
    """As its author wrote it, a number after the other."""
    found = []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) % SEEDS
        t = (seed ^ seed >> 15) * (seed | 1) % SEEDS
        t ^= (t + (t ^ t >> 7) * (t | 61)) % SEEDS
        found.append(((t ^ t >> 14) + 0.5) / SEEDS)
    return found


@pytest.mark.parametrize("seed", [0, 1, SEEDS - 1])
def test_draws_are_the_generators(seed: int) -> None:
    draws = Draws(seed)
    first = draws.uniforms(3).tolist()
    again = draws.copy()
    assert first + draws.uniforms(4).tolist() == mulberry32(seed, 7)
    assert again.uniforms(4).tolist() == mulberry32(seed, 7)[3:]


def test_normals_are_normal() -> None:
    found = Draws(5).normals(0.5, 101, 333)
    assert found.shape == (101, 333)
    assert found.mean().item() == pytest.approx(0, abs=0.01)
    assert found.std().item() == pytest.approx(0.5, abs=0.01)
    for deviations, share in ((1, 0.6827), (2, 0.9545)):
        within = (found.abs() < 0.5 * deviations).float().mean().item()
        assert within == pytest.approx(share, abs=0.01)


def test_both_nets_begin_alike_but_for_the_projections() -> None:
    residual, plain = (build(v, 34, Draws(3)).state_dict() for v in ("residual", "plain"))
    assert plain.keys() < residual.keys()
    assert all(torch.equal(plain[name], residual[name]) for name in plain)
    assert all(".downsample." in name for name in residual.keys() - plain.keys())
    other = build("plain", 34, Draws(4)).state_dict()
    assert not torch.equal(other["conv1.weight"], plain["conv1.weight"])


def test_first_weights_are_those_of_the_study_of_depth_on_live_taps(variant: str) -> None:
    """In their spread: He's for convolutions, torch's own for the head."""
    net, usual = build(variant, 18, Draws(3)), depth.build(variant, 18, True, 3)
    of_usual = dict(usual.named_modules())
    for name, module in net.named_modules():
        if isinstance(module, LiveConv2d):
            drawn, expected = module.weight, of_usual[name].weight
            live = drawn[drawn != 0]
            assert len(live) >= drawn.numel() / 9
            assert live.std().item() == pytest.approx(expected.std().item(), rel=0.12)
    for of_head in ("weight", "bias"):
        drawn, expected = getattr(net.fc, of_head), getattr(usual.fc, of_head)
        assert drawn.abs().max() <= 1 / math.sqrt(128)
        assert drawn.std().item() == pytest.approx(expected.std().item(), rel=0.3)


def test_no_tap_is_missing_that_would_meet_a_pixel(variant: str, others: torch.Tensor) -> None:
    net = build(variant, 18, Draws(3)).train()
    before = net(others)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, LiveConv2d):
                module.weight[module.weight == 0] = 9
    assert torch.allclose(net(others), before, atol=1e-3)


def test_the_gradient_is_the_slope_of_the_first_pictures_loss(
    variant: str, others: torch.Tensor
) -> None:
    """By differences in float64. The paper is not blank: max pooling would have to choose."""
    net = build(variant, 18, Draws(3)).double()
    grainy = torch.cat([PICTURE[None] + Draws(1).normals(0.05, 1, 1, 32, 32), others[:15]])
    batch = grainy.double()
    gradient = input_gradient(net, batch, 7)
    way = Draws(2).normals(1, *gradient.shape).double()

    def loss(step: float) -> float:
        moved = batch.clone()
        moved[0, 0] += step * way
        with torch.no_grad():
            logits = net.train()(ink.normalise(moved))
        return F.cross_entropy(logits[:1], torch.tensor([7])).item()

    slope = (loss(1e-7) - loss(-1e-7)) / 2e-7
    assert slope == pytest.approx((gradient * way).sum().item(), rel=1e-3)


def test_nudges_are_of_one_noise_and_one_net(others: torch.Tensor) -> None:
    shaker = Shaker(18, 11)
    assert shaker.noise.std().item() == pytest.approx(1, rel=0.1)
    assert shaker.grain.std().item() == pytest.approx(GRAIN, rel=0.1)
    small, large = shaker.shake(PICTURE, 7, (0.002, 0.02), others)
    for nudge, found in ((0.002, small), (0.02, large)):
        assert torch.allclose(found.nudged, found.drawn + nudge * shaker.noise)
        assert torch.equal(found.drawn, PICTURE + shaker.grain)
        for variant, (drawn, nudged) in found.gradients.items():
            draws = Draws(11)
            draws.uniforms(2 * PICTURE.numel())
            net = build(variant, 18, draws).double()
            for picture, gradient in ((found.drawn, drawn), (found.nudged, nudged)):
                expected = input_gradient(net, torch.cat([picture[None], others]), 7)
                assert torch.equal(gradient, expected)
            assert not torch.equal(drawn, nudged)


def test_the_cosine_by_hand() -> None:
    a, b = torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, -3.0]])
    pairs = {"residual": torch.stack([a, 2 * a]), "plain": torch.stack([a, b])}
    found = Shaken(PICTURE, PICTURE, {**pairs, "other": torch.stack([a, a + b])})
    assert found.cosine("residual") == pytest.approx(1)
    assert found.cosine("plain") == pytest.approx(0, abs=1e-9)
    assert found.cosine("other") == pytest.approx(math.sqrt(0.5))


def test_the_company_are_training_digits_in_whole_grey_levels(others: torch.Tensor) -> None:
    digits = mnist.load().train.images[: BATCH - 1]
    assert len(others) == BATCH - 1
    assert (others - ink.frame(digits)).abs().max() <= 0.501 / 255
    levels = b"".join(map(ink.grey_levels, others))
    assert torch.equal(torch.tensor(list(levels)).reshape(others.shape) / 255, others)
