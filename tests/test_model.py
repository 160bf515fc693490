import itertools

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from resnet import checkpoint
from resnet.model import LiveConv2d, ResBlock, ResNet, ResNet18, live_windows
from tests.conftest import enliven, lively_net, ordinary_convolutions


@pytest.mark.parametrize("size", range(1, 12))
def test_live_windows_are_what_an_output_reads_inside_the_picture(size: int) -> None:
    for kernel, stride in itertools.product((1, 3, 5, 7), (1, 2, 3)):
        padding = kernel // 2
        outputs = (size + 2 * padding - kernel) // stride + 1
        read = []
        for i in range(outputs):
            taps = [t for t in range(kernel) if 0 <= i * stride + t - padding < size]
            pixels = [i * stride + t - padding for t in taps]
            read.append((slice(taps[0], taps[-1] + 1), slice(pixels[0], pixels[-1] + 1)))
        assert live_windows(size, kernel, stride, padding) == read


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 5), (2, 3), (3, 3), (4, 4), (7, 6)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (7, 2), (1, 2)])
def test_live_convolution_is_the_ordinary_one(
    size: tuple[int, int], kernel: int, stride: int
) -> None:
    torch.manual_seed(0)
    conv = LiveConv2d(3, 4, kernel, stride, padding=kernel // 2, dtype=torch.float64)
    ordinary = nn.Conv2d(3, 4, kernel, stride, padding=kernel // 2, dtype=torch.float64)
    ordinary.load_state_dict(conv.state_dict())
    x = torch.randn(5, 3, *size, dtype=torch.float64, requires_grad=True)
    y = x.detach().clone().requires_grad_()

    ours, theirs = conv(x), ordinary(y)
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)

    ours.square().sum().backward()
    theirs.square().sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, y.grad, rtol=0, atol=1e-11)
    torch.testing.assert_close(conv.weight.grad, ordinary.weight.grad, rtol=0, atol=1e-11)

    dead = torch.ones(kernel, kernel, dtype=torch.bool)
    for (v, _), (u, _) in itertools.product(*conv.windows(*size)):
        dead[v, u] = False
    assert conv.weight.grad is not None
    assert (conv.weight.grad[:, :, dead] == 0).all()
    assert (conv.weight.grad[:, :, ~dead] != 0).all()


def loss_and_gradients(net: ResNet18, pictures: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    net.zero_grad()
    loss = F.cross_entropy(net(pictures), torch.arange(len(pictures)) % 10)
    loss.backward()
    return loss.detach(), {
        name: parameter.grad.clone()
        for name, parameter in net.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (33, 47), (64, 64)])
def test_training_sees_no_difference_in_float64(variant: str, size: tuple[int, int]) -> None:
    net = lively_net(variant).double().train()
    pictures = torch.randn(4, 1, *size, dtype=torch.float64)
    loss, gradients = loss_and_gradients(net, pictures)
    with ordinary_convolutions():
        expected_loss, expected = loss_and_gradients(net, pictures)
    assert abs(loss - expected_loss) < 1e-13
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-10, atol=1e-11)


def test_dead_taps_at_32_pixels_have_no_gradient_at_all(variant: str) -> None:
    net = lively_net(variant).train()
    _, gradients = loss_and_gradients(net, torch.randn(4, 1, 32, 32))
    ring = torch.ones(3, 3, dtype=torch.bool)
    ring[1, 1] = False  # on a 1x1 map only the middle tap is live
    for name in ("layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2"):
        gradient = gradients[f"{name}.weight"]
        assert (gradient[:, :, ring] == 0).all()
        assert gradient[:, :, 1, 1].abs().max() > 0


def torchvision_resnet18() -> nn.Module:
    net = torchvision.models.resnet18(num_classes=10)
    net.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    return net.eval()


@pytest.mark.parametrize("size", [32, 28, 65])
def test_our_weights_in_torchvision_give_our_logits(size: int) -> None:
    ours, theirs = lively_net("residual"), torchvision_resnet18()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    pictures = torch.randn(3, 1, size, size)
    with torch.inference_mode():
        assert (ours(pictures) - theirs(pictures)).abs().max() < 1e-4


def test_torchvision_weights_in_ours_give_its_logits() -> None:
    theirs = torchvision_resnet18()
    enliven(theirs, seed=1)
    ours = checkpoint.build("residual").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    pictures = torch.randn(3, 1, 32, 32)
    with torch.inference_mode():
        assert (ours(pictures) - theirs(pictures)).abs().max() < 1e-4


@pytest.mark.parametrize(("name", "count"), [("residual", 11_175_370), ("plain", 11_001_546)])
def test_parameters(name: str, count: int) -> None:
    assert sum(p.numel() for p in checkpoint.build(name).parameters()) == count


def test_the_nets_differ_in_the_projections_alone() -> None:
    residual, plain = (set(checkpoint.build(name).state_dict()) for name in ("residual", "plain"))
    assert plain < residual
    assert all(".downsample." in name for name in residual - plain)


def test_a_plain_net_is_a_residual_net_without_its_additions() -> None:
    residual = lively_net("residual")
    plain = checkpoint.build("plain").eval()
    plain.load_state_dict({n: t for n, t in residual.state_dict().items() if "downsample" not in n})
    for module in residual.modules():
        if isinstance(module, ResBlock):
            module.use_residual = False
    pictures = torch.randn(3, 1, 32, 32)
    with torch.inference_mode():
        assert torch.equal(residual(pictures), plain(pictures))


def test_other_channels_and_classes() -> None:
    net = ResNet18(in_channels=3, num_classes=7).eval()
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 7)


# What a seed starts the nets from, as it was when those in checkpoints/ and results/ were trained:
# three weights of a layer, and the sum of all its weights' absolute values.
FIRST_WEIGHTS = {
    "residual": {
        "conv1.weight": ([-0.033905, 0.008923, -0.027836], 64.968181),
        "layer2.0.conv1.weight": ([0.04071, -0.031051, -0.004105], 2455.458207),
        "layer4.1.conv2.weight": ([-0.018853, -0.001288, 0.020566], 39189.952973),
        "fc.weight": ([0.031053, -0.006423, -0.004198], 114.464795),
    },
    "plain": {
        "conv1.weight": ([0.037293, 0.02133, 0.015228], 62.186195),
        "layer2.0.conv1.weight": ([-0.036394, -0.062927, 0.07003], 2467.156099),
        "layer4.1.conv2.weight": ([0.007886, 0.013619, -0.031462], 39198.335),
        "fc.weight": ([0.023561, -0.013732, -0.025994], 112.323),
    },
}


def test_a_seed_starts_from_the_weights_that_it_always_did(variant: str) -> None:
    torch.manual_seed(0)
    state = checkpoint.build(variant).state_dict()
    for name, (three, total) in FIRST_WEIGHTS[variant].items():
        assert state[name].flatten()[:3].tolist() == pytest.approx(three, abs=1e-6)
        assert state[name].double().abs().sum().item() == pytest.approx(total, rel=1e-6)


def test_resnet18_is_the_resnet_of_18_layers(variant: str) -> None:
    torch.manual_seed(3)
    general = ResNet(use_residual=variant == "residual", units_per_stage=2, width=64)
    torch.manual_seed(3)
    ours = checkpoint.build(variant).state_dict()
    assert list(ours) == list(general.state_dict())
    assert all(torch.equal(tensor, ours[name]) for name, tensor in general.state_dict().items())


@pytest.mark.parametrize("units", [2, 4, 8, 12])
@pytest.mark.parametrize("has_norm", [True, False])
def test_layers_with_weights_are_eight_a_unit_of_each_stage_and_two(
    variant: str, units: int, has_norm: bool
) -> None:
    net = ResNet(1, 10, variant == "residual", units, width=2, has_norm=has_norm)
    layers = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in name
    ]
    assert len(layers) == 8 * units + 2
    assert len(net.units()) == 4 * units
    assert net(torch.zeros(2, 1, 32, 32)).shape == (2, 10)


def test_a_deep_net_is_torchvisions() -> None:
    torch.manual_seed(0)
    ours = ResNet(units_per_stage=4).eval()
    theirs = torchvision.models.ResNet(
        torchvision.models.resnet.BasicBlock, [4, 4, 4, 4], num_classes=10
    ).eval()
    theirs.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    enliven(ours)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    pictures = torch.randn(2, 1, 32, 32)
    with torch.inference_mode():
        expected = theirs(pictures)
        assert (ours(pictures) - expected).abs().max() < 1e-4 * expected.abs().max()


def test_without_norm_a_bias_stands_in_for_it_and_starts_from_0(variant: str) -> None:
    def net(has_norm: bool) -> ResNet:
        return ResNet(1, 10, variant == "residual", 2, width=4, has_norm=has_norm).eval()

    normed, bare = net(True), net(False)
    convs = [module for module in bare.modules() if isinstance(module, nn.Conv2d)]
    assert all(conv.bias is not None and (conv.bias == 0).all() for conv in convs)
    assert not [module for module in bare.modules() if isinstance(module, nn.BatchNorm2d)]

    # A norm of mean 0, variance 1 - eps and weight 1 adds its bias and does no more.
    state = {}
    for name, tensor in bare.state_dict().items():
        if name.endswith("bias") and not name.startswith("fc."):
            tensor = torch.randn_like(tensor)
        state[name] = tensor
    bare.load_state_dict(state)
    for name, tensor in normed.state_dict().items():
        if name in state and not name.endswith("bias"):
            tensor.copy_(state[name])
    normed.fc.load_state_dict(bare.fc.state_dict())
    for name, norm in normed.named_modules():
        if isinstance(norm, nn.BatchNorm2d):
            assert norm.running_var is not None
            norm.running_var.fill_(1 - norm.eps)
            conv = name.replace("bn", "conv").replace("downsample.1", "downsample.0")
            norm.bias.data.copy_(state[f"{conv}.bias"])
    pictures = torch.randn(3, 1, 32, 32)
    with torch.inference_mode():
        expected = normed(pictures)
        assert (bare(pictures) - expected).abs().max() < 1e-5 * expected.abs().max()
