"""Every net that is left when units are taken out of one, on one picture.

With eight units that can be out there are 2^8 ways through a net: each unit is gone through or gone
round. Veit, Wilber, Belongie: Residual Networks Behave Like Ensembles of Relatively Shallow
Networks, arXiv 1605.06431, sections 3 and 4.2. What "out" means is said in resnet/surgery.py: a
plain unit that changes the shape stays in, so a plain ResNet18 has 2^5 ways only.
"""

import torch
from torch import Tensor

from resnet import ink
from resnet.model import ResNet
from resnet.surgery import Unit, can_be_out, run_unit


def ways(net: ResNet) -> list[tuple[int, ...]]:
    """The units that are out in each of the nets, counted from 1, in the order of logits().

    The first net is whole. The bits of a net's index say which are out, of those that can be.
    """
    can_go = [number for number, unit in enumerate(net.units(), 1) if can_be_out(unit)]
    return [
        tuple(number for place, number in enumerate(can_go) if bits >> place & 1)
        for bits in range(2 ** len(can_go))
    ]


def logits(net: ResNet, picture: Tensor) -> Tensor:
    """(1, 32, 32) ink in [0, 1] through a net in eval mode -> (ways, 10).

    Nets that begin alike share what they begin with: each unit runs once, on a batch of all that
    reaches it, which it doubles. So all 256 take twelve times the multiplications of one.
    """
    device = next(net.parameters()).device
    x = net.stem(ink.normalise(picture[None].to(device)))
    for unit in net.units():
        stays = run_unit(unit, x, Unit())
        x = torch.cat([stays, run_unit(unit, x, Unit(is_out=True))]) if can_be_out(unit) else stays
    return net.head(x)
