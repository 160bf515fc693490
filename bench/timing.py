"""Shared by the measurements: contenders that take turns, ratios within a turn, the machine."""

import argparse
import datetime
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from resnet.flags import at_least

Values = Sequence[float] | np.ndarray  # a number for every round, in order

PAUSE = 0.005  # seconds; thread pools spin for a while after work, which the next must not feel


def interleave(
    contenders: Mapping[str, Callable[[], object]], rounds: int, warm_up: int
) -> dict[str, list[float]]:
    """Milliseconds of each contender in each round, all in turn, so that drift hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in tqdm(range(warm_up + rounds), leave=False):
        for name, work in contenders.items():
            time.sleep(PAUSE)
            started = time.perf_counter()
            work()
            if number >= warm_up:
                times[name].append(1000 * (time.perf_counter() - started))
    return times


def median(values: Values) -> str:
    return shown(np.median(values))


def p95(values: Values) -> str:
    return shown(np.percentile(values, 95))


def shown(milliseconds: float | np.floating) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def ratio(over: Values, under: Values) -> str:
    """The median of the rounds' ratios, and where 95 % of them lie."""
    ratios = np.divide(over, under)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return f"{np.median(ratios):.2f} ({low:.2f} - {high:.2f})"


def show(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> None:
    align = ["right" if "ms" in header else "left" for header in headers]
    print(tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=align))


def machine(threads: int, *packages: str) -> str:
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        lines = described.read_text().splitlines()
        names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
        model = names[0].strip() if names else model
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{model}, {os.cpu_count()} cores, {threads} thread{'s' * (threads > 1)}, "
        f"{versions}, {datetime.date.today().isoformat()}"
    )


def get_args_parser(
    name: str, description: str | None, rounds: int | None, help: str = "default: %(default)s"
) -> argparse.ArgumentParser:
    """The parser of a bench in which contenders take turns."""
    parser = bare_parser(name, description)
    parser.add_argument("--rounds", type=at_least(1), default=rounds, help=help)
    return parser


def bare_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of any bench, without a flag."""
    return argparse.ArgumentParser(
        prog=f"python -m bench.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
