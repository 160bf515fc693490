"""Train the residual net, the plain net, or both, and write their checkpoints.

An interrupted run (Ctrl-C, or the power) keeps its last epoch beside the checkpoint; --resume
goes on from there and ends in the weights it would have ended in. That file takes about 180 MB,
and twice as much while a new one replaces it.

torchrun --nproc-per-node N train.py shares each batch among N processes or GPUs.
"""

import argparse
import contextlib
import functools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from resnet import checkpoint, flags, handwriting, mnist, parallel, readings, training
from resnet.model import fastest_device


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_variants(parser, "--variant")
    parser.add_argument(
        "--epochs",
        type=flags.at_least(1),
        default=training.Recipe.epochs,
        metavar="N",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--seed", type=flags.seed, default=0, metavar="N", help="default: %(default)s"
    )
    flags.add_data(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=checkpoint.FOLDER,
        metavar="DIR",
        help="folder for the checkpoints",
    )
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument(
        "--dry-run", action="store_true", help="go all the way on a few pictures and keep nothing"
    )
    return parser


def main(args: argparse.Namespace) -> int:
    try:
        data = mnist.load(args.data)
        with parallel.team() as team:
            if not args.dry_run:
                with prepared(args.output, flags.variants(args.variant), team):
                    return train(args, data, args.output, team)
            with tempfile.TemporaryDirectory() as folder:
                args.epochs = 1
                code = train(args, small(data), Path(folder), team)
        if team.is_first:
            print("Dry run: all of it works; nothing was kept.")
        return code
    except (mnist.DataError, checkpoint.CheckpointError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


@contextlib.contextmanager
def prepared(folder: Path, variants: Sequence[str], team: parallel.Team) -> Iterator[None]:
    """A folder that can be written, has room, and where nobody else trains these nets.

    Of a team only the first writes. Raises OSError with a sentence: hours of training should not
    be lost at the first save.
    """
    if not team.is_first:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"{folder}: cannot be written ({error.strerror})") from error
    with contextlib.ExitStack() as locks:
        for variant in variants:
            locks.enter_context(only_training(folder, variant))
        free, needed = shutil.disk_usage(folder).free, room_needed(folder)
        if free < needed:
            raise OSError(
                f"{folder}: {free / 1e6:,.0f} MB are free, and a run takes {needed / 1e6:,.0f} MB "
                "until it is finished; make room, or choose another folder with --output"
            )
        yield


@contextlib.contextmanager
def only_training(folder: Path, variant: str) -> Iterator[None]:
    """Locks a hidden file: the lock ends with the process, so a file left behind blocks nobody."""
    if os.name != "posix":
        yield
        return
    import fcntl

    path = folder / f".{variant}.lock.tmp"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(
                f"{folder}: another training of the {variant} net writes here; wait for it, or "
                "choose another folder with --output"
            ) from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def room_needed(folder: Path) -> int:
    """Bytes: the interrupted run, and once more while a new one replaces it."""
    weights = checkpoint.build("residual").state_dict().values()  # the larger net of the two
    run = 4 * sum(tensor.nbytes for tensor in weights)  # with average, best and momentum
    kept = sum(file.stat().st_size for file in folder.glob("*.unfinished.safetensors"))
    return 2 * run - min(kept, run)


def train(args: argparse.Namespace, data: mnist.Mnist, output: Path, team: parallel.Team) -> int:
    device = fastest_device()
    torch.backends.cudnn.deterministic = True
    stop = Interruption()
    say = print if team.is_first else lambda *_, **__: None
    pictures = functools.cache(handwriting.extras)  # a minute's work, the same for both nets
    for variant in flags.variants(args.variant):
        path = checkpoint.path_of(variant, output)
        unfinished = path.with_suffix(".unfinished.safetensors")
        if unfinished.exists() and not args.resume:
            say(
                f"{unfinished}: an interrupted run; "
                "add --resume to go on with it, or delete the file",
                file=sys.stderr,
            )
            return 2
        recipe = training.Recipe(epochs=args.epochs)
        extras = pictures(len(data.train))
        held_out = pictures(len(data.validation) // 2, held_out=True)
        run = training.Run(variant, recipe, args.seed, data.sha256, extras, device, team)
        if unfinished.exists():
            run.load(unfinished)
            say(f"Going on with the {variant} net from step {run.step}.")
        elif args.resume and is_done(path, run):
            say(f"{path}: this run is finished already.")
            continue
        save = functools.partial(run.save, unfinished)
        if not training.fit(run, data.train, data.validation, held_out.digits, save, stop):
            say(f"\nSaved at step {run.step}. To go on: the same command with --resume.")
            return 130
        if not team.is_first:
            continue
        about = training.finish(run, data, held_out, path)
        if not args.dry_run:
            test = about["test"]
            readings.log(about, test["right"], test["total"], data.sha256, repeating(args, variant))
        unfinished.unlink(missing_ok=True)
        print(
            f"{path}: {described(about['test'])} on test, "
            f"{described(about['validation'])} on validation, "
            f"{described(about['styles'])} on styles held out, "
            f"step {about['best_step']} of {about['steps']}, {about['seconds'] / 60:.1f} minutes."
        )
    return 0


def repeating(args: argparse.Namespace, variant: str) -> str:
    """The command that trains this net again."""
    return f"python train.py --variant {variant} --epochs {args.epochs} --seed {args.seed}"


def is_done(path: Path, run: training.Run) -> bool:
    if not path.exists():
        return False
    _, about = checkpoint.load(path, run.variant)
    return all(about.get(key) == value for key, value in run.identity.items())


def described(score: checkpoint.Score) -> str:
    return f"{score['right']:,}/{score['total']:,} ({100 * score['right'] / score['total']:.2f} %)"


def small(data: mnist.Mnist) -> mnist.Mnist:
    return mnist.Mnist(
        data.train.first(3 * training.Recipe.batch_size),
        data.validation.first(100),
        data.test.first(100),
        data.sha256,
    )


class Interruption:
    """Remembers Ctrl-C until the step under way is done; a second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.ask)

    def ask(self, number: int, frame: object) -> None:
        self.asked = True
        signal.signal(number, signal.SIG_DFL)

    def __call__(self) -> bool:
        return self.asked


if __name__ == "__main__":
    sys.exit(main(get_args_parser().parse_args()))
