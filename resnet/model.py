"""ResNet18 for small pictures, with its shortcuts or without.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, arXiv 1512.03385, table 1 and
figure 3. The attribute names are torchvision's, so weights move freely between the two.
"""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Up to this many output pixels a convolution is faster as one matrix product for each.
FEW = 4

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


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> LiveConv2d:
    # No bias: the batch norm behind every convolution subtracts the mean, and a bias with it.
    return LiveConv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


class ResBlock(nn.Module):
    """Residual unit, relu(f(x) + shortcut(x)); plain unit, relu(f(x)), with use_residual=False.

    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride), sizes rounded up.
    Section 3.1 and figure 2 of arXiv 1512.03385; option B of section 3.3 where shapes change.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, use_residual: bool = True
    ) -> None:
        super().__init__()
        self.use_residual = use_residual
        self.changes_shape = stride != 1 or in_channels != out_channels
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        # A 1x1 convolution carries the input over a change of shape; the identity needs no weights,
        # and a plain unit has no shortcut to give weights to.
        self.downsample: nn.Module | None = None
        if use_residual and self.changes_shape:
            self.downsample = nn.Sequential(
                LiveConv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
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


class ResNet18(nn.Module):
    """Six modules, 18 layers with weights: (N, in_channels, H, W) -> logits (N, num_classes).

    The residual net and the plain net are this class with use_residual True and False. Shapes in
    the comments are those of a 32x32 picture; larger ones work as well.
    """

    def __init__(
        self, in_channels: int = 1, num_classes: int = 10, use_residual: bool = True
    ) -> None:
        super().__init__()
        self.use_residual = use_residual
        # Module 1: the stem
        self.conv1 = LiveConv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        # Modules 2 to 5: two units each, the first of 3, 4 and 5 halves the map
        self.layer1 = stage(64, 64, stride=1, use_residual=use_residual)
        self.layer2 = stage(64, 128, stride=2, use_residual=use_residual)
        self.layer3 = stage(128, 256, stride=2, use_residual=use_residual)
        self.layer4 = stage(256, 512, stride=2, use_residual=use_residual)
        # Module 6: the head
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # He et al., arXiv 1502.01852, section 2.2: keeps the variance through the relus.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)  # (N, 64, 8, 8)
        x = self.layer1(x)  # (N, 64, 8, 8)
        x = self.layer2(x)  # (N, 128, 4, 4)
        x = self.layer3(x)  # (N, 256, 2, 2)
        x = self.layer4(x)  # (N, 512, 1, 1)
        return self.head(x)

    def units(self) -> list[ResBlock]:
        """The eight units, in order."""
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        return [unit for stage in stages for unit in stage if isinstance(unit, ResBlock)]

    def stem(self, x: Tensor) -> Tensor:
        """Module 1: (N, in_channels, 32, 32) -> (N, 64, 8, 8)."""
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


def stage(in_channels: int, out_channels: int, stride: int, use_residual: bool) -> nn.Sequential:
    return nn.Sequential(
        ResBlock(in_channels, out_channels, stride, use_residual),
        ResBlock(out_channels, out_channels, use_residual=use_residual),
    )


def fastest_device() -> torch.device:
    """The GPU (CUDA, MPS, ...) where there is one, else the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def placed(net: Net, device: torch.device) -> Net:
    """The net on a device, channels last: the fastest layout for convolutions on CPU and GPU."""
    return net.to(device).to(memory_format=torch.channels_last)
