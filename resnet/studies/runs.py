"""Many small trainings in one results file: side by side, written after each, taken up again."""

import contextlib
import datetime
import json
import os
import platform
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
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


class TimedRun(SeededRun):
    seconds: float  # that it took one core


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
        "machine": machine(),
    }


def machine() -> str:
    if cluster is not None:
        return f"cluster, {sum(cluster.ncores().values())} workers"
    return f"{fastest_device().type}, {platform.machine()}, {os.cpu_count()} cores"


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
) -> Generator[Result, None, None]:
    """The result of every key, in order.

    One process a core, each with one thread: nets this small leave a second thread little to do. A
    GPU takes one run after the other. Within on_cluster the workers of the cluster make them
    instead. `make` is pickled.
    """
    if cluster is None:
        if workers is None:
            workers = (os.cpu_count() or 1) if fastest_device().type == "cpu" else 1
        workers = min(workers, len(keys))
        if workers <= 1:
            yield from map(make, keys)
            return
    # Not above: the page imports this module, and makes no runs.
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky import get_reusable_executor

    if cluster is None:
        os.environ["TQDM_DISABLE"] = "1"  # for the workers, whose bars would cross this process's
        spread = Parallel(workers, "loky", "generator", batch_size=1, initializer=be_worker)
    else:
        # Every worker of the cluster gets `make`, with all its digits, once.
        with parallel_config("dask", client=cluster, scatter=[make]):
            spread = Parallel(return_as="generator", batch_size=1)
    results = spread(delayed(with_one_thread)(make, key) for key in keys)
    try:
        for result in results:  # noqa: UP028 (yield from would close them, with the warning)
            yield result
    finally:
        with warnings.catch_warnings():  # of runs under way, which are given up
            warnings.simplefilter("ignore", UserWarning)
            results.close()
        get_reusable_executor().shutdown()  # or its processes wait for more


def be_worker() -> None:
    """Make a process of this machine a worker."""
    tqdm.set_lock(threading.RLock())  # its own, between processes, would be left over at the end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it ends the workers


def with_one_thread(make: Callable[[Key], Result], key: Key) -> Result:
    torch.set_num_threads(1)
    return make(key)


cluster: Any = None  # the client of dask.distributed, within on_cluster
PATIENCE = 10  # seconds for a scheduler to answer


@contextlib.contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Within it, runs are made by the workers of the dask.distributed scheduler at an address.

    They are processes with one thread each, and find this repository's modules. Without an address
    runs are made here. Raises StudyError when there are no such workers.
    """
    global cluster
    if address is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise StudyError("--cluster needs dask: python -m pip install distributed") from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise StudyError(f"{address}: no scheduler of dask.distributed answers there.") from error
    with client:
        if not client.ncores():
            raise StudyError(f"{address}: the scheduler there has no workers yet.")
        cluster = client
        try:
            yield
        finally:
            cluster = None


def on_many_cores(runs: Sequence[TimedRun], cores: int = 64) -> str:
    """How long these runs would take on a larger machine, from the seconds that each took here."""
    seconds = [run["seconds"] for run in runs]
    longest = max([sum(seconds) / cores, *seconds])
    return (
        f"Computed from their seconds, not measured: these {len(runs)} runs, "
        f"{in_minutes(sum(seconds))} on one core, would take {in_minutes(longest)} on {cores}."
    )


def in_minutes(seconds: float) -> str:
    return f"{seconds / 60:,.1f} minutes"


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
