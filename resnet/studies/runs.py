"""Many small trainings in one results file: side by side, written after each, taken up again."""

import datetime
import json
import multiprocessing
import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from tqdm import tqdm

from resnet.model import fastest_device

Run = dict[str, Any]
Table = dict[str, Any]  # {"about": {...}, "runs": [...]}
Key = TypeVar("Key")

RESULTS = Path(__file__).resolve().parents[2] / "results"


class StudyError(Exception):
    """The study cannot go on or be shown; the message says why, in one sentence."""


def begun(
    command: str,
    path: Path | None,
    identity: Mapping[str, Any],
    about: Mapping[str, Any],
    seeds: int | None,
) -> Table:
    """A table to add runs to, with those that the file holds.

    The identity is what must be equal for runs to stand in one table; the release of torch is part
    of it. Without a path nothing is kept, without a number of seeds it is a quick look. Raises
    StudyError when the file is another study's.
    """
    runs: list[Run] = []
    if path is not None and path.exists():
        stored = load(path)
        if stored is None or not is_alike(stored["about"], identity):
            raise StudyError(
                f"{path}: not a table of this recipe, these data and torch "
                f"{release(torch.__version__)}; delete it to start anew, or name another file with "
                "--output"
            )
        runs = stored["runs"]
    size = "--quick"
    if seeds is not None:
        size = f"--seeds {max([seeds, *(run['seed'] for run in runs)])}"
    about = {"command": f"{command} {size}", **about, **identity, **made_on()}
    return {"about": about, "runs": runs}


def is_alike(about: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    """Whether what a file holds can stand in one table with what is made now."""
    is_same = all(about.get(key) == value for key, value in identity.items())
    return is_same and release(about.get("torch", "")) == release(torch.__version__)


def release(version: str) -> str:
    """2.14.1 of 2.14.1+cu130: the builds of one release count the same, but for the last bits."""
    return version.partition("+")[0]


def made_on() -> dict[str, str]:
    """When, by what and on what machine results are made, to be stored with them."""
    return {
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
        "machine": f"{fastest_device().type}, {platform.machine()}, {os.cpu_count()} cores",
    }


def complete(
    table: Table,
    plan: Sequence[Key],
    key_of: Callable[[Run], Key],
    make: Callable[[Key], Run],
    path: Path | None,
    workers: int | None = None,
) -> None:
    """Make the runs of the plan that the table lacks, the file written after each."""
    done = {key_of(run) for run in table["runs"]}
    left = [key for key in plan if key not in done]
    with tqdm(total=len(plan), initial=len(plan) - len(left), unit="run") as bar:
        for run in made(left, make, workers):
            bar.set_description(str(key_of(run)))
            table["runs"].append(run)
            if path is not None:
                save(table, path)
            bar.update()


def made(
    keys: Sequence[Key], make: Callable[[Key], Run], workers: int | None = None
) -> Iterator[Run]:
    """The run of every key, in order.

    One process a core, each with one thread: nets this small leave a second thread little to do. A
    GPU takes one run after the other. `make` is pickled, once for every process.
    """
    if workers is None:
        workers = (os.cpu_count() or 1) if fastest_device().type == "cpu" else 1
    workers = min(workers, len(keys))
    if workers <= 1:
        yield from map(make, keys)
        return
    os.environ["TQDM_DISABLE"] = "1"  # for the workers, whose bars would cross this process's
    # Spawned, for a forked process inherits torch's threads in whatever state they are.
    with multiprocessing.get_context("spawn").Pool(workers, be_worker, (make,)) as pool:
        yield from pool.imap(run_of_worker, keys)


def be_worker(make: Callable[[Any], Run]) -> None:
    global make_run
    make_run = make
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own, between processes, would be left over at the end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it ends the workers


def run_of_worker(key: Any) -> Run:
    return make_run(key)


make_run: Callable[[Any], Run]  # of a worker process


def save(table: Table, path: Path) -> None:
    """One line a run."""
    runs = ",\n".join(json.dumps(run, allow_nan=False) for run in table["runs"])
    about = json.dumps(table["about"], indent=1)
    replace(path, f'{{"about": {about},\n"runs": [\n{runs}\n]}}\n')


def replace(path: Path, text: str) -> None:
    """Replaces the file only when all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(text)
    unfinished.replace(path)


def load(path: Path) -> Table | None:
    """The stored table; None where there is none or it cannot be read."""
    try:
        table = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    match table:
        case {"about": {"rates": [*_]}, "runs": [*_]}:
            return dict(table)
    return None
