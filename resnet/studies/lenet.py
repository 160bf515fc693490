"""LeNet-5, the small net that the textbook measures its ResNet18 against.

LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition,
Proceedings of the IEEE 86 (1998), section II.B and figure 2, as it is built today: rectified
units, a max and a mean pooling, every map of one layer joined to every map of the next.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class LeNet5(nn.Module):
    """(N, 1, 32, 32) -> logits (N, num_classes). 61,706 parameters for ten classes."""

    def __init__(self, in_channels: int = 1, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, num_classes)

        # Variance kept through the relus (arXiv 1502.01852, section 2.2), biases from 0: what
        # PyTorch starts with is too small to learn much in the textbook's 80 steps.
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.kaiming_normal_(parameter, nonlinearity="relu")
            else:
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 6, 14, 14)
        x = F.avg_pool2d(F.relu(self.conv2(x)), 2)  # (N, 16, 5, 5)
        x = F.relu(self.conv3(x)).flatten(1)  # (N, 120)
        return self.fc2(F.relu(self.fc1(x)))
