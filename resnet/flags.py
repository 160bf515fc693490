"""The flags that several commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from resnet import checkpoint, mnist


def at_least(least: int) -> Callable[[str], int]:
    """The type of a flag that takes whole numbers, none below this one."""

    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return number


def seed(text: str) -> int:
    """The type of a flag that takes what torch and numpy can be seeded with."""
    number = at_least(0)(text)
    if number >= 2**64:
        raise argparse.ArgumentTypeError(f"{text} has more than 64 bits")
    return number


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        default=mnist.FOLDER,
        metavar="DIR",
        help="folder of the four IDX files",
    )


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoints",
        type=Path,
        default=checkpoint.FOLDER,
        metavar="DIR",
        help="folder of the trained nets",
    )


def add_variants(parser: argparse.ArgumentParser, flag: str) -> None:
    parser.add_argument(flag, choices=["both", *checkpoint.VARIANTS], default="both")


def variants(choice: str) -> tuple[str, ...]:
    """The nets that a flag of add_variants chooses."""
    return checkpoint.VARIANTS if choice == "both" else (choice,)
