"""Short trainings that tests/test_parallel.py runs in two processes; the first one saves."""

import functools
import sys
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from resnet import handwriting, ink, mnist, narrow, parallel, training
from resnet.checkpoint import VARIANTS
from resnet.model import ResNet
from resnet.training import Recipe, Run

RECIPE = Recipe(epochs=2, batch_size=16, written=3, printed=2, not_digits=1, peak_rate=0.05)
STEPS = 4  # an epoch


extras = functools.cache(handwriting.extras)


class Exact(Run):
    """Of a narrow net, and in double precision: the order of sums is another one in two processes,
    and a training makes the differences of single precision grow to some percent within a few
    steps."""

    def build(self) -> ResNet:
        return narrow.build(self.variant, 18).double()

    def loss(self, pictures: Tensor, labels: Tensor) -> Tensor:
        logits = self.joined(ink.normalise(pictures).double())
        return training.loss_of(logits, labels, self.recipe.label_smoothing)


def trained(
    variant: str, team: parallel.Team, path: Path | None = None, stop_at: int | None = None
) -> Run:
    """To the end, or to a step at which the last process asks to stop; from where path is."""
    run = Exact(variant, RECIPE, 0, "data", extras(30), torch.device("cpu"), team)
    if path and path.exists():
        run.load(path)
    data = mnist.load().train.first(STEPS * RECIPE.mnist)
    asks = team.rank == team.size - 1
    with tqdm(disable=True) as bar:
        while run.step < STEPS * RECIPE.epochs and training.train_one_epoch(
            run, data.images, data.labels, STEPS, bar, lambda: asks and run.step == stop_at
        ):
            pass
    if path and team.is_first:
        run.save(path)
    return run


def main(folder: Path) -> None:
    training.HISTORY_EVERY = 1
    with parallel.team() as team:
        for variant in VARIANTS:
            trained(variant, team, folder / variant)
        trained("residual", team, folder / "stopped", stop_at=3)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
