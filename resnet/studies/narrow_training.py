"""The training of the narrow nets that the page ships: three depths, both kinds, some seeds.

All are trained alike, on all of MNIST's training digits and the pictures that MNIST lacks, by the
recipe of the shipped pair but for fewer epochs. The seed that reads most validation pictures over
its last epochs ships, and only that one ever sees a test digit. A training is saved after every
epoch beside the checkpoints, and its course is kept in results/narrow.json.
"""

import argparse
import dataclasses
import functools
import itertools
import os
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import torch
from pydantic import TypeAdapter
from tabulate import tabulate
from tqdm import tqdm
from typing_extensions import TypedDict

from resnet import checkpoint, flags, handwriting, mnist, narrow, readings, training
from resnet.checkpoint import About
from resnet.handwriting import Extras
from resnet.mnist import Mnist
from resnet.model import ResNet, fastest_device
from resnet.stats import wilson_interval
from resnet.studies import runs
from resnet.studies.runs import Printed, Provenance, SeededRun, StudyError, Table

FILE = runs.RESULTS / "narrow.json"
EPOCHS = 5
SEEDS = 2
LAST = 3  # epochs whose readings choose the seed: one alone is noisy
COMMAND = "python -m resnet narrow"

Key = tuple[int, str, int]  # seed, net, layers


class Judged(TypedDict):
    """Both validation slices after each epoch, read by the averaged weights."""

    step: list[int]
    right: list[int]
    total: int
    styles_right: list[int]
    styles_total: int


class NarrowRun(SeededRun):
    """One training, as it is stored."""

    net: str
    depth: int
    step: list[int]  # steps done before each loss
    loss: list[float]  # of that step's batch
    validation: Judged
    seconds: float


class NarrowProvenance(Provenance):
    extras_sha256: str
    depths: list[int]
    width: int


NarrowTable = Table[NarrowProvenance, NarrowRun]  # results/narrow.json
SCHEMA: TypeAdapter[NarrowTable] = TypeAdapter(NarrowTable)


@dataclasses.dataclass(frozen=True)
class Pictures:
    """All that is trained on and read."""

    mnist: Mnist
    extras: Extras
    held_out: Extras


class Training(training.Run):
    """One narrow net under way."""

    def __init__(self, key: Key, recipe: training.Recipe, pictures: Pictures) -> None:
        seed, variant, self.depth = key
        super().__init__(
            variant, recipe, seed, pictures.mnist.sha256, pictures.extras, fastest_device()
        )

    def build(self) -> ResNet:
        return narrow.build(self.variant, self.depth)

    @property
    def identity(self) -> About:
        return {**super().identity, "depth": self.depth}


def load(path: Path | None = None) -> NarrowTable | None:
    """The stored courses of results/narrow.json or another file; None where there are none."""
    return runs.load(path or FILE, SCHEMA)


def key_of(run: NarrowRun) -> Key:
    return run["seed"], run["net"], run["depth"]


# --- training --------------------------------------------------------------------------------


def unfinished_of(key: Key, folder: Path) -> Path:
    seed, variant, depth = key
    return folder / f"{variant}-{depth}.seed{seed}.unfinished.safetensors"


def trained(key: Key, recipe: training.Recipe, pictures: Pictures, folder: Path) -> NarrowRun:
    """Train a net to the end, from its last save where there is one, and tell its course.

    The file of the save stays: of all seeds only one is finished.
    """
    run, path = Training(key, recipe, pictures), unfinished_of(key, folder)
    if path.exists():
        run.load(path)
    data, save = pictures.mnist, functools.partial(run.save, path)
    training.fit(run, data.train, data.validation, pictures.held_out.digits, save, lambda: False)
    epochs = run.history["epochs"]
    seed, variant, depth = key
    return {
        "seed": seed,
        "net": variant,
        "depth": depth,
        "step": run.history["step"],
        "loss": run.history["loss"],
        "validation": {
            "step": [epoch["step"] for epoch in epochs],
            "right": [epoch["right"] for epoch in epochs],
            "total": epochs[0]["total"],
            "styles_right": [epoch["styles_right"] for epoch in epochs],
            "styles_total": epochs[0]["styles_total"],
        },
        "seconds": round(run.seconds, 1),
    }


def merit(run: NarrowRun) -> Fraction:
    """How well a training ends: the shares that are read of both slices, over its last epochs."""
    judged = run["validation"]
    right = Fraction(sum(judged["right"][-LAST:]), judged["total"])
    return right + Fraction(sum(judged["styles_right"][-LAST:]), judged["styles_total"])


def runs_of(table: NarrowTable, net: narrow.Net) -> list[NarrowRun]:
    """Of one net, from each seed."""
    return [run for run in table["runs"] if (run["net"], run["depth"]) == net]


def chosen(table: NarrowTable, net: narrow.Net) -> NarrowRun:
    """Of the trainings of a net the one that ends best, of equals that of the lowest seed."""
    return max(runs_of(table, net), key=lambda run: (merit(run), -run["seed"]))


def ship(
    table: NarrowTable, recipe: training.Recipe, pictures: Pictures, folder: Path, command: str
) -> None:
    """Write the checkpoint of every net's best seed, unless it is there, and log its reading."""
    for net in narrow.NETS:
        seeds = len(runs_of(table, net))
        if seeds == 0:
            continue  # a quick look leaves depths out
        key, path = key_of(chosen(table, net)), narrow.path_of(*net, folder)
        run, unfinished = Training(key, recipe, pictures), unfinished_of(key, folder)
        if not is_shipped(run, folder):
            if not unfinished.exists():
                raise StudyError(
                    f"{path}: its training is finished, but its weights are not here; restore it "
                    "(git checkout -- checkpoints), or delete the file of courses to train anew"
                )
            run.load(unfinished)
            about = training.finish(
                run, pictures.mnist, pictures.held_out, path, functools.partial(save, seeds=seeds)
            )
            test = about["test"]
            readings.log(about, test["right"], test["total"], run.data_sha256, command)
        # No seed that was passed over can be the best of more.
        for seed in {run["seed"] for run in table["runs"]}:
            unfinished_of((seed, *net), folder).unlink(missing_ok=True)


def save(path: Path, net: ResNet, about: About, seeds: int) -> About:
    return narrow.save(path, net, {**about, "seeds": seeds})


def is_shipped(run: Training, folder: Path) -> bool:
    """Whether the checkpoint in the folder came from this training."""
    if not narrow.path_of(run.variant, run.depth, folder).exists():
        return False
    _, about = narrow.load(run.variant, run.depth, folder)
    return all(about.get(key) == value for key, value in run.identity.items())


def repeated(
    seeds: int,
    depths: tuple[int, ...],
    recipe: training.Recipe,
    pictures: Pictures,
    folder: Path,
    path: Path | None,
) -> NarrowTable:
    """All trainings, those that the file holds already not made again; then the best ship.

    Raises StudyError when the file is another recipe's, CheckpointError where one cannot be kept.
    """
    table = runs.begun(
        SCHEMA,
        f"{COMMAND} --epochs {recipe.epochs}",
        path,
        identity={
            "width": narrow.WIDTH,
            "depths": list(depths),
            "rates": [recipe.peak_rate],
            # What the epochs do; each save is of the whole recipe, and refuses another.
            "recipe": {k: v for k, v in dataclasses.asdict(recipe).items() if type(v) is int},
            "data_sha256": pictures.mnist.sha256,
            "extras_sha256": pictures.extras.sha256,
        },
        about={},
        seeds=None if path is None else seeds,
    )
    plan = list(itertools.product(range(1, seeds + 1), checkpoint.VARIANTS, depths))
    plan.sort(key=lambda key: (key[0], -key[2]))  # of each seed the longest first
    done = {key_of(run) for run in table["runs"]}
    if path is not None and (left := [key for key in plan if key not in done]):
        print(forecast(left, recipe, pictures, folder), file=sys.stderr)
    make = functools.partial(trained, recipe=recipe, pictures=pictures, folder=folder)
    runs.complete(table, plan, key_of, make, path)
    ship(table, recipe, pictures, folder, table["about"]["command"])
    return table


def forecast(keys: list[Key], recipe: training.Recipe, pictures: Pictures, folder: Path) -> str:
    """How long the trainings will take, from a few steps of each net on one core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    nets = {key[1:] for key in keys}
    seconds = {net: seconds_of_a_step((0, *net), recipe, pictures) for net in nets}
    torch.set_num_threads(threads)
    steps = recipe.epochs * (len(pictures.mnist.train) // recipe.mnist)
    minutes = sum(steps * seconds[key[1:]] for key in keys) / 60
    cores = min(os.cpu_count() or 1, len(keys))
    begun = sum(unfinished_of(key, folder).exists() for key in keys)
    return (
        f"{len(keys)} trainings of {steps:,} steps, {begun} of them begun: about {minutes:.0f} "
        f"minutes of one core, {minutes / cores:.0f} on {cores}."
    )


def seconds_of_a_step(key: Key, recipe: training.Recipe, pictures: Pictures) -> float:
    run, train = Training(key, recipe, pictures), pictures.mnist.train
    steps = len(train) // recipe.mnist

    def until(step: int) -> float:
        with tqdm(disable=True) as bar:
            training.train_one_epoch(
                run, train.images, train.labels, steps, bar, lambda: run.step >= step
            )
        return run.seconds

    first = until(2)  # which also sets torch up
    return (until(6) - first) / max(1, run.step - 2)


# --- the command -----------------------------------------------------------------------------


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "narrow",
        help="train the narrow nets of 18, 34 and 66 layers that the page ships (an hour)",
        description="Train narrow nets of 18, 34 and 66 layers, with shortcuts and without, from "
        "several seeds on all of MNIST; the best of each is written to checkpoints/narrow. Takes "
        "an hour on two cores, and says at the start how long it will be here. Ctrl-C loses at "
        "most an epoch of the trainings under way, and the same command goes on from there; their "
        "courses are in results/narrow.json.",
    )
    flags.add_data(command)
    flags.add_checkpoints(command)
    command.add_argument(
        "--epochs", type=flags.at_least(1), default=EPOCHS, metavar="N", help="default: %(default)s"
    )
    command.add_argument(
        "--seeds", type=flags.at_least(1), default=SEEDS, metavar="N", help="default: %(default)s"
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="one epoch of few digits: see that it works, keep nothing",
    )
    command.add_argument("--output", type=Path, metavar="FILE", help="default: results/narrow.json")
    command.add_argument("--show", action="store_true", help="print the stored courses only")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    folder = args.checkpoints / narrow.FOLDER.name
    try:
        if args.show:
            return shown(load(args.output), folder)
        if not args.quick:
            return shown(whole(args), folder)
        with tempfile.TemporaryDirectory() as kept:
            return shown(quick(mnist.load(args.data), Path(kept)), Path(kept))
    except KeyboardInterrupt:
        print("Stopped; the same command goes on after the last epochs saved.", file=sys.stderr)
        return 130


def whole(args: argparse.Namespace) -> NarrowTable:
    data = mnist.load(args.data)
    pictures = Pictures(
        data,
        handwriting.extras(len(data.train)),
        handwriting.extras(len(data.validation) // 2, held_out=True),
    )
    recipe = training.Recipe(epochs=args.epochs)
    folder = args.checkpoints / narrow.FOLDER.name
    return repeated(args.seeds, narrow.DEPTHS, recipe, pictures, folder, args.output or FILE)


def quick(data: Mnist, folder: Path) -> NarrowTable:
    """A few steps of both kinds at the least depth: to see that all works."""
    recipe = training.Recipe(epochs=1)
    few = Mnist(
        data.train.first(3 * recipe.mnist),
        data.validation.first(50),
        data.test.first(50),
        data.sha256,
    )
    pictures = Pictures(few, handwriting.extras(50), handwriting.extras(50, held_out=True))
    return repeated(1, narrow.DEPTHS[:1], recipe, pictures, folder, None)


def shown(table: NarrowTable | None, folder: Path) -> int:
    if table is None:
        raise StudyError("No trainings are stored there; make some first.")
    title, headers, rows = table_of(table, folder)
    print(f"{title}\n")
    print(tabulate(rows, headers, tablefmt="github", disable_numparse=True))
    return 0


def table_of(table: NarrowTable, folder: Path) -> Printed:
    """Each net's score. Raises CheckpointError where a net in the folder cannot be used."""
    rows = []
    for net in narrow.NETS:
        of_net = runs_of(table, net)
        if not of_net:
            continue
        best = chosen(table, net)
        variant, depth = net
        _, about = narrow.load(variant, depth, folder)
        test = about["test"]
        low, high = wilson_interval(test["right"], test["total"])
        judged = best["validation"]
        rows.append(
            [
                str(depth),
                variant,
                str(best["seed"]),
                ", ".join(f"{share(run):.2%}" for run in of_net),
                f"{judged['styles_right'][-1] / judged['styles_total']:.2%}",
                f"{test['right']}/{test['total']}",
                f"{test['right'] / test['total']:.2%} ({low:.2%} - {high:.2%})",
                f"{narrow.path_of(variant, depth, folder).stat().st_size / 1e6:.1f}",
            ]
        )
    epochs = table["about"]["recipe"]["epochs"]
    return (
        f"Narrow nets of {table['about']['width']} channels, {epochs} epochs of all training "
        "digits; validation after the last epoch, test of the shipped seed (95 % interval)",
        ["layers", "net", "seed", "validation, by seed", "styles", "right", "test", "MB"],
        rows,
    )


def share(run: NarrowRun) -> float:
    """Of the validation digits, after the last epoch."""
    judged = run["validation"]
    return judged["right"][-1] / judged["total"]
