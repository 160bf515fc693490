"""The first weights of the textbook's experiment: this project's, PyTorch's and Paddle's.

80 steps may be too few to forget where a net began: a finding from one kind of first weights may be
the doing of that kind.
"""

from typing import Literal

from torch import nn

from resnet.language import N_
from resnet.model import ResNet

First = Literal["fan_out", "torch", "fan_in"]

# In the order in which they are made and shown; whose they are.
FIRSTS: dict[First, str] = {
    "fan_out": N_("this project's"),
    "torch": N_("PyTorch's"),
    "fan_in": N_("Paddle's"),
}


def begin(net: ResNet, first: First) -> None:
    """Draw the first weights of a net that was just built; every batch norm begins as the identity.

    fan_out: as the net draws them itself, kernels from N(0, 2 / fan_out) (He et al., arXiv
    1502.01852, section 2.2), the last layer as PyTorch does.
    torch: PyTorch's own, every kernel, weight and bias from U(-b, b) with b = 1 / sqrt(fan_in).
    fan_in: Paddle's own, which the textbook does not change: kernels from N(0, 2 / fan_in); the
    last layer from U(-b, b) with b = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, AISTATS
    2010), its biases 0.
    """
    if first == "fan_out":
        return
    for layer in net.modules():
        if not isinstance(layer, nn.Conv2d | nn.Linear):
            continue
        if first == "torch":
            layer.reset_parameters()
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
        else:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
