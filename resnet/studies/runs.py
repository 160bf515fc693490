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
from typing import Any, Generic, TypeVar, cast

import torch
from pydantic import TypeAdapter
from tqdm import tqdm
from typing_extensions import TypedDict  # pydantic reads typing's own from Python 3.12 on

from resnet.model import fastest_device

RESULTS = Path(__file__).resolve().parents[2] / "results"


class Made(TypedDict):
    """When, by what and on what machine results were made."""

    torch: str
    date: str
    machine: str


class Provenance(Made):
    command: str  # that makes the table
    rates: list[float]
    recipe: dict[str, int]
    data_sha256: str


class SeededRun(TypedDict):
    """All that this module knows of a run; each study adds what it measures."""

    seed: int


# A table to print: title, headers, rows.
Printed = tuple[str, list[str], list[list[str]]]

Origin = TypeVar("Origin", bound=Provenance)
Run = TypeVar("Run", bound=SeededRun)
Key = TypeVar("Key")
Result = TypeVar("Result")


class Table(TypedDict, Generic[Origin, Run]):
    """A file of results/ with one run a line."""

    about: Origin
    runs: list[Run]


class StudyError(Exception):
    """The study cannot go on or be shown; the message says why, in one sentence."""


def begun(
    schema: TypeAdapter[Table[Origin, Run]],
    command: str,
    path: Path | None,
    identity: Mapping[str, object],
    about: Mapping[str, object],
    seeds: int | None,
) -> Table[Origin, Run]:
    """A table to add runs to, with those that the file holds.

    The identity is what must be equal for runs to stand in one table; the release of torch is part
    of it. Without a path nothing is kept, without a number of seeds it is a quick look. Raises
    StudyError when the file is another study's.
    """
    runs: list[Run] = []
    if path is not None and path.exists():
        stored = load(path, schema)
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
    origin = {"command": f"{command} {size}", **about, **identity, **made_on()}
    return {"about": cast(Origin, origin), "runs": runs}


def is_alike(about: Made, identity: Mapping[str, object]) -> bool:
    """Whether what a file holds can stand in one table with what is made now."""
    is_same = all(about.get(key) == value for key, value in identity.items())
    return is_same and release(about["torch"]) == release(torch.__version__)


def release(version: str) -> str:
    """2.14.1 of 2.14.1+cu130: the builds of one release count the same, but for the last bits."""
    return version.partition("+")[0]


def made_on() -> Made:
    """When, by what and on what machine results are made, to be stored with them."""
    return {
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
        "machine": f"{fastest_device().type}, {platform.machine()}, {os.cpu_count()} cores",
    }


def complete(
    table: Table[Any, Run],
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
    keys: Sequence[Key], make: Callable[[Key], Result], workers: int | None = None
) -> Iterator[Result]:
    """The result of every key, in order.

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


def be_worker(make: Callable[[Any], object]) -> None:
    global make_run
    make_run = make
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own, between processes, would be left over at the end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it ends the workers


def run_of_worker(key: object) -> Any:
    return make_run(key)


make_run: Callable[[Any], object]  # of a worker process


def save(table: Table[Any, Any], path: Path) -> None:
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


def load(path: Path, schema: TypeAdapter[Result]) -> Result | None:
    """A stored table as it stands there; None where there is none, or none of this schema."""
    try:
        table = json.loads(path.read_text())
        schema.validate_python(table, strict=True)
    except (OSError, ValueError, RecursionError):  # pydantic's errors are ValueErrors
        return None
    return cast(Result, table)
