"""One training by several processes, as torchrun starts them: each takes a share of every batch.

    torchrun --nproc-per-node 2 train.py

The net learns as from the whole batch in one process: batch norm uses the statistics of all shares,
and the gradients are averaged. What is read, printed and saved is the business of the first.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import FunctionCtx
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Team:
    """The processes that train a net together; rank is the number of this one, from 0."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Of (N, ...) the (N / size, ...) that this process works on."""
        return batch[self.rank :: self.size]

    def mean(self, value: Tensor) -> Tensor:
        """The mean of the values that the processes have, without a gradient."""
        return value.detach() if self.size == 1 else summed(value.detach()) / self.size

    def any(self, is_so: bool, device: torch.device) -> bool:
        """Whether it is so in any of the processes."""
        if self.size == 1:
            return is_so
        return bool(self.mean(torch.tensor(float(is_so), device=device)) > 0)

    def joined(self, net: nn.Module) -> nn.Module:
        """The net as it is to be called in training, with the weights of the first process. The
        net itself changes its batch norms and nothing else."""
        if self.size == 1:
            return net
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = SharedBatchNorm2d
        # A kernel of 1x1 has strides that mean nothing, so that they differ costs nothing.
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        # Running statistics come from all shares anyway, so they are equal everywhere.
        return DistributedDataParallel(net, broadcast_buffers=False)


ALONE = Team()


@contextlib.contextmanager
def team() -> Iterator[Team]:
    """The processes that torchrun has started, or this one alone.

    Raises ValueError when the environment is not what torchrun makes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    device = torch.accelerator.current_accelerator(check_available=True)
    if device is not None:
        torch.accelerator.set_device_index(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device and device.type == "cuda" else "gloo")
    try:
        yield Team(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm (arXiv 1502.03167) over the shares of all processes, which are equally large.

    torch's own SyncBatchNorm does the same on GPUs only.
    """

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training:
            return super().forward(maps)
        exact = maps.to(torch.promote_types(maps.dtype, torch.float32))
        mean = MeanOfAll.apply(exact.mean((0, 2, 3)))
        centred = exact - mean[:, None, None]
        variance = MeanOfAll.apply(centred.square().mean((0, 2, 3)))
        self.remember(mean.detach(), variance.detach(), maps[:, 0].numel())
        gain = self.weight * (variance + self.eps).rsqrt()
        return (centred * gain[:, None, None] + self.bias[:, None, None]).to(maps.dtype)

    @torch.no_grad()
    def remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """The running statistics; the variance as an estimate for more than these maps."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        count *= distributed.get_world_size()
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)


class MeanOfAll(torch.autograd.Function):
    """The mean of a tensor over all processes, through which gradients flow to each of them."""

    @staticmethod
    def forward(ctx: FunctionCtx, own: Tensor) -> Tensor:
        return summed(own) / distributed.get_world_size()

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        return summed(gradient) / distributed.get_world_size()


def summed(own: Tensor) -> Tensor:
    total = own.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total
