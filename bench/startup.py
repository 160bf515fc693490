"""How long until the page can answer, against importing the libraries it needs.

The peer is a fresh Python that imports torch and gradio and ends. Against it: `python app.py`
until it prints its address, which it does when it can answer. Both take turns, each in a process
of its own; what the disk caches is warm after the first turn, which is not counted.
"""

import argparse
import subprocess
import sys
import time

from bench import timing
from bench.live import serving
from resnet import checkpoint

PEER = 'python -c "import torch, gradio"'


def get_args_parser() -> argparse.ArgumentParser:
    return timing.get_args_parser("startup", __doc__, rounds=7)


def importing() -> float:
    """Milliseconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, gradio"], check=True)
    return 1000 * (time.perf_counter() - started)


def starting() -> float:
    started = time.perf_counter()
    with serving(checkpoint.FOLDER):
        return 1000 * (time.perf_counter() - started)


def main(args: argparse.Namespace) -> None:
    turns = [(importing(), starting()) for _ in range(1 + args.rounds)][1:]
    imports, starts = zip(*turns, strict=True)
    rows = [
        [name, timing.median(t), timing.p95(t), timing.ratio(t, imports)]
        for name, t in ((PEER, imports), ("python app.py until it answers", starts))
    ]
    timing.show(rows, ["", "median ms", "p95 ms", "times the imports (95 %)"])
    print(f"\n{timing.machine(1, 'torch', 'gradio')}")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
