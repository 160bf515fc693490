"""ResNet for small pictures, with its shortcuts or without: 18 layers, or deeper and narrower.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, arXiv 1512.03385, table 1 and
figure 3. The attribute names are torchvision's, so weights move freely between the two.
"""

import threading
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Up to this many output pixels a convolution is faster as one matrix product for each.
FEW = 4

# torch has one seed for the whole process: where many threads draw first weights, as on the page,
# hold this from the seed to the last weight.
SEEDING = threading.RLock()

Net = TypeVar("Net", bound=nn.Module)
Window = tuple[slice, slice]  # the live taps of a kernel, and the pixels that they meet


def live_windows(size: int, kernel: int, stride: int, padding: int) -> list[Window]:
    """For every output along one axis, the taps that meet the picture and not its zero padding.

    Tap t of output i reads pixel i * stride + t - padding. On a picture of one pixel a 3-tap
    kernel with padding 1 has one live tap, its middle; the other two multiply zeros, always.
    """
    windows = []
    for first in range(-padding, size + padding - kernel + 1, stride):  # the pixel of tap 0
        start, stop = max(0, -first), min(kernel, size - first)
        windows.append((slice(start, stop), slice(first + start, first + stop)))
    return windows


class LiveConv2d(nn.Conv2d):
    """Conv2d that spares small maps the products with their padding.

    Same parameters, same outputs, same gradients (exactly 0 for a tap that meets only padding).
    At 32x32 the fifth module of ResNet18 works on a 1x1 map, where eight of nine taps are dead,
    and the fourth on 2x2, where five of nine products are by zero. For symmetric zero padding, one
    group and no dilation.
    """

    def windows(self, height: int, width: int) -> tuple[list[Window], list[Window]]:
        """The live windows of a (..., height, width) input: by output row, by output column."""
        assert not isinstance(self.padding, str)
        return (
            live_windows(height, self.kernel_size[0], self.stride[0], self.padding[0]),
            live_windows(width, self.kernel_size[1], self.stride[1], self.padding[1]),
        )

    def forward(self, input: Tensor) -> Tensor:
        rows, columns = self.windows(*input.shape[-2:])
        if len(rows) * len(columns) > FEW:
            return super().forward(input)
        # Channels innermost, as both lie in memory in channels-last layout.
        pixels = input.permute(0, 2, 3, 1)
        weight = self.weight.permute(0, 2, 3, 1)
        outputs = [
            F.linear(pixels[:, y, x].flatten(1), weight[:, v, u].flatten(1), self.bias)
            for v, y in rows
            for u, x in columns
        ]
        grid = torch.stack(outputs, 1).unflatten(1, (len(rows), len(columns)))
        return grid.permute(0, 3, 1, 2)


def map_sizes(net: nn.Module, pictures: Tensor) -> dict[LiveConv2d, tuple[int, int]]:
    """Height and width of the maps that every convolution of a net gets, for such pictures.

    The net is to be in eval mode: in train mode batch norm remembers, and refuses a single pixel.
    """
    sizes: dict[LiveConv2d, tuple[int, int]] = {}

    def note(conv: LiveConv2d, inputs: tuple[Tensor]) -> None:
        height, width = inputs[0].shape[-2:]
        sizes[conv] = height, width

    convs = [module for module in net.modules() if isinstance(module, LiveConv2d)]
    hooks = [conv.register_forward_pre_hook(note) for conv in convs]
    with torch.inference_mode():
        net(pictures)
    for hook in hooks:
        hook.remove()
    return sizes


def conv(
    in_channels: int, out_channels: int, kernel: int, stride: int = 1, has_norm: bool = True
) -> LiveConv2d:
    # No bias before a batch norm, which subtracts the mean, and a bias with it. Without a norm the
    # bias takes the place of the norm's own.
    return LiveConv2d(
        in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=not has_norm
    )


def norm(channels: int, has_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if has_norm else nn.Identity()


class ResBlock(nn.Module):
    """Residual unit, relu(f(x) + shortcut(x)); plain unit, relu(f(x)), with use_residual=False.

    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride), sizes rounded up.
    Section 3.1 and figure 2 of arXiv 1512.03385; option B of section 3.3 where shapes change.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        use_residual: bool = True,
        has_norm: bool = True,
    ) -> None:
        super().__init__()
        self.use_residual = use_residual
        self.changes_shape = stride != 1 or in_channels != out_channels
        self.conv1 = conv(in_channels, out_channels, 3, stride, has_norm)
        self.bn1 = norm(out_channels, has_norm)
        self.conv2 = conv(out_channels, out_channels, 3, has_norm=has_norm)
        self.bn2 = norm(out_channels, has_norm)
        # A 1x1 convolution carries the input over a change of shape; the identity needs no weights,
        # and a plain unit has no shortcut to give weights to.
        self.downsample: nn.Module | None = None
        if use_residual and self.changes_shape:
            self.downsample = nn.Sequential(
                conv(in_channels, out_channels, 1, stride, has_norm),
                norm(out_channels, has_norm),
            )

    def branch(self, x: Tensor) -> Tensor:
        """f(x), the residual: what the unit adds to its shortcut."""
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return self.bn2(self.conv2(y))

    def shortcut(self, x: Tensor) -> Tensor:
        return x if self.downsample is None else self.downsample(x)

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch(x)
        if self.use_residual:  # the one difference between the two nets
            y = y + self.shortcut(x)
        return F.relu(y, inplace=True)


class ResNet(nn.Module):
    """Six modules: (N, in_channels, H, W) -> logits (N, num_classes).

    The residual net and the plain net are this class with use_residual True and False. It has
    8 * units_per_stage + 2 layers with weights, projections not counted; the first stage has
    `width` channels. has_norm False leaves every batch norm out. Shapes in the comments are those
    of a 32x32 picture at width 64; larger ones work as well.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_classes: int = 10,
        use_residual: bool = True,
        units_per_stage: int = 2,
        width: int = 64,
        has_norm: bool = True,
    ) -> None:
        super().__init__()
        self.use_residual = use_residual

        def stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
            shapes = [(in_channels, stride)] + [(out_channels, 1)] * (units_per_stage - 1)
            return nn.Sequential(
                *(ResBlock(c, out_channels, s, use_residual, has_norm) for c, s in shapes)
            )

        # Module 1: the stem
        self.conv1 = conv(in_channels, width, 7, 2, has_norm)
        self.bn1 = norm(width, has_norm)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        # Modules 2 to 5: equally many units each, the first of 3, 4 and 5 halves the map
        self.layer1 = stage(width, width, stride=1)
        self.layer2 = stage(width, 2 * width, stride=2)
        self.layer3 = stage(2 * width, 4 * width, stride=2)
        self.layer4 = stage(4 * width, 8 * width, stride=2)
        # Module 6: the head
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # He et al., arXiv 1502.01852, section 2.2: keeps the variance through the relus,
                # where biases start from 0, as PyTorch's own do not.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)  # (N, 64, 8, 8)
        x = self.layer1(x)  # (N, 64, 8, 8)
        x = self.layer2(x)  # (N, 128, 4, 4)
        x = self.layer3(x)  # (N, 256, 2, 2)
        x = self.layer4(x)  # (N, 512, 1, 1)
        return self.head(x)

    def units(self) -> list[ResBlock]:
        """The units of modules 2 to 5, in order."""
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        return [unit for stage in stages for unit in stage if isinstance(unit, ResBlock)]

    def stem(self, x: Tensor) -> Tensor:
        """Module 1: (N, in_channels, 32, 32) -> (N, 64, 16, 16) -> pooled, (N, 64, 8, 8)."""
        return self.maxpool(F.relu(self.bn1(self.conv1(x)), inplace=True))

    def head(self, x: Tensor) -> Tensor:
        """Module 6: (N, 512, H, W) -> logits (N, num_classes)."""
        return self.fc(torch.flatten(self.avgpool(x), 1))

    def six_modules(self) -> dict[str, list[nn.Module]]:
        """The textbook's six modules by name, each as the layers it consists of, in order."""
        return {
            "1 stem": [self.conv1, self.bn1, self.maxpool],
            "2 layer1": [self.layer1],
            "3 layer2": [self.layer2],
            "4 layer3": [self.layer3],
            "5 layer4": [self.layer4],
            "6 head": [self.avgpool, self.fc],
        }


class ResNet18(ResNet):
    """Two units a stage, 64 channels in the first: the net of the textbook and of the page."""

    def __init__(
        self, in_channels: int = 1, num_classes: int = 10, use_residual: bool = True
    ) -> None:
        super().__init__(in_channels, num_classes, use_residual)


def fastest_device() -> torch.device:
    """The GPU (CUDA, MPS, ...) where there is one, else the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def placed(net: Net, device: torch.device) -> Net:
    """The net on a device, channels last: the fastest layout for convolutions on CPU and GPU."""
    return net.to(device).to(memory_format=torch.channels_last)
