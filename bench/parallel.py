"""How much faster a training is when two processes share each batch (resnet/parallel.py).

Both ways have all cores of this machine: one process with a thread a core, or two processes that
divide them. They take turns, each started anew by torchrun for some steps of the residual net's
training; its start and its first steps do not count.
"""

import argparse
import os
import subprocess
import sys
import time

import torch
from tqdm import tqdm

from bench import timing
from bench.training import RECIPE
from resnet import handwriting, mnist, parallel, training
from resnet.model import fastest_device

WARM_UP, STEPS = 3, 12


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.get_args_parser("parallel", __doc__, rounds=5)
    parser.add_argument("--member", action="store_true", help=argparse.SUPPRESS)
    return parser


def of_a_step(processes: int) -> float:
    """Milliseconds of a step shared by so many processes."""
    threads = max(1, (os.cpu_count() or 1) // processes)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "bench.parallel", "--member"]
    env = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def be_a_member() -> None:
    with parallel.team() as team:
        batch = mnist.load().train.first(RECIPE.mnist)
        extras = handwriting.extras(200)
        run = training.Run("residual", RECIPE, 0, "", extras, fastest_device(), team)
        images, labels = batch.images.to(run.device), batch.labels.to(run.device)
        with tqdm(disable=True) as bar:
            for number in range(-WARM_UP, STEPS):
                if number <= 0:
                    started = time.perf_counter()
                training.train_one_epoch(run, images, labels, 1, bar, lambda: False)
                if run.device.type == "cuda":
                    torch.cuda.synchronize()
        if team.is_first:
            print(1000 * (time.perf_counter() - started) / STEPS)


def main(args: argparse.Namespace) -> None:
    if args.member:
        be_a_member()
        return
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in tqdm(range(args.rounds), leave=False):
        for processes, of_rounds in times.items():
            of_rounds.append(of_a_step(processes))
    rows = [
        [str(processes), timing.median(t), timing.ratio(times[1], t)]
        for processes, t in times.items()
    ]
    timing.show(rows, ["processes", "ms a step", "times as fast (95 %)"])
    print(f"\n{timing.machine(os.cpu_count() or 1, 'torch')}")


if __name__ == "__main__":
    main(get_args_parser().parse_args())
