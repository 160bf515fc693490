import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
import torch
from pydantic import TypeAdapter

from resnet.studies import runs


class Made(runs.SeededRun):
    key: int
    process: int
    threads: int


Table = runs.Table[runs.Provenance, Made]
SCHEMA: TypeAdapter[Table] = TypeAdapter(Table)
IDENTITY: dict[str, object] = {"recipe": {"steps": 1}, "data_sha256": "data"}


def begun(
    path: Path | None, seeds: int = 2, identity: Mapping[str, object] = IDENTITY, name: str = "new"
) -> Table:
    return runs.begun(SCHEMA, name, path, identity, {"rates": []}, seeds)


def made_here(key: int) -> Made:
    return {"key": key, "seed": key, "process": os.getpid(), "threads": torch.get_num_threads()}


def key_of(run: Made) -> int:
    return run["key"]


def workers_left() -> list[str]:
    """The worker processes that this one has."""
    lines = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    return [line for line in lines if "LokyProcess" in line]


def test_workers_make_runs_in_order_with_a_thread_each(tmp_path: Path) -> None:
    found, path = begun(None), tmp_path / "runs.json"
    runs.complete(found, range(5), key_of, made_here, path, workers=2)
    assert [run["key"] for run in found["runs"]] == [0, 1, 2, 3, 4]
    assert os.getpid() not in {run["process"] for run in found["runs"]}
    assert {run["threads"] for run in found["runs"]} == {1}
    assert runs.load(path, SCHEMA) == found
    assert workers_left() == []


def test_workers_end_when_nobody_waits_any_more() -> None:
    results = runs.made(range(9), made_here, workers=2)
    assert next(results)["key"] == 0
    assert len(workers_left()) == 2
    results.close()
    assert workers_left() == []


def test_what_is_there_is_not_made_again() -> None:
    found = begun(None)
    found["runs"] = [{**made_here(1), "process": -1}]
    runs.complete(found, range(3), key_of, made_here, None, workers=1)
    assert [run["key"] for run in found["runs"]] == [1, 0, 2]
    assert [run["process"] for run in found["runs"]] == [-1, os.getpid(), os.getpid()]


def test_the_file_is_written_after_each_run(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "runs.json"

    def failing(key: int) -> Made:
        if key == 2:
            raise KeyboardInterrupt
        return made_here(key)

    with pytest.raises(KeyboardInterrupt):
        runs.complete(begun(None), range(5), key_of, failing, path, workers=1)
    assert [run["key"] for run in json.loads(path.read_text())["runs"]] == [0, 1]
    assert [*path.parent.glob(".*.tmp")] == []
    again = begun(path, 7)
    assert len(again["runs"]) == 2
    assert again["about"]["command"] == "new --seeds 7"


def test_another_build_of_the_same_torch_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, found = tmp_path / "runs.json", begun(None)
    found["runs"] = [made_here(5)]
    runs.save(found, path)
    for build in ("+cpu", "", "+cu999"):
        monkeypatch.setattr(torch, "__version__", runs.release(torch.__version__) + build)
        again = begun(path)
        assert again["runs"] == found["runs"]
        assert again["about"]["command"] == "new --seeds 5"  # all that the file holds
        assert again["about"]["torch"].endswith(build)


@pytest.mark.parametrize("other", ["recipe", "torch", "no table"])
def test_runs_of_another_study_stay_as_they_are(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, identity = tmp_path / "runs.json", IDENTITY
    runs.save(begun(path, identity=identity), path)
    match other:
        case "recipe":
            identity = {**IDENTITY, "recipe": {"steps": 2}}
        case "torch":
            monkeypatch.setattr(torch, "__version__", "0")
        case _:
            path.write_text("[]")
    before = path.read_bytes()
    with pytest.raises(runs.StudyError, match="name another file with --output"):
        begun(path, identity=identity)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"about": {}, "runs": []}'])
def test_a_table_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    assert runs.load(path, SCHEMA) is None
    path.write_text(text)
    assert runs.load(path, SCHEMA) is None


@pytest.mark.parametrize(
    "change", [{"key": "1"}, {"key": 1.5}, {"key": None}, {"process": {}}, {"seed": True}]
)
def test_a_table_with_a_run_that_does_not_fit_is_none(
    change: dict[str, object], tmp_path: Path
) -> None:
    path, found = tmp_path / "runs.json", begun(None)
    found["runs"] = [made_here(1), made_here(2)]
    runs.save(found, path)
    assert runs.load(path, SCHEMA) == found
    stored = json.loads(path.read_text())
    stored["runs"][1] |= change
    path.write_text(json.dumps(stored))
    assert runs.load(path, SCHEMA) is None
    del stored["runs"][1][next(iter(change))]
    path.write_text(json.dumps(stored))
    assert runs.load(path, SCHEMA) is None


def test_what_many_cores_would_take_is_computed_from_the_seconds() -> None:
    def timed(*seconds: float) -> list[runs.TimedRun]:
        return [{"seed": 1, "seconds": one} for one in seconds]

    assert runs.on_many_cores(timed(*[60.0] * 128)) == (
        "Computed from their seconds, not measured: these 128 runs, 128.0 minutes on one core, "
        "would take 2.0 minutes on 64."
    )
    assert runs.on_many_cores(timed(90.0, 6.0)).endswith("would take 1.5 minutes on 64.")


# --- on a cluster ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of one with two workers, threads of this process."""
    from distributed import LocalCluster  # not above: worker processes import this module

    threads = torch.get_num_threads()
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as local:
        yield local.scheduler_address
    torch.set_num_threads(threads)


def test_a_cluster_makes_the_runs_in_order(scheduler: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    torch.set_num_threads(2)
    with runs.on_cluster(scheduler):
        found = begun(path)
        runs.complete(found, range(5), key_of, made_here, path)
    assert [run["key"] for run in found["runs"]] == [0, 1, 2, 3, 4]
    assert {run["threads"] for run in found["runs"]} == {1}
    assert found["about"]["machine"] == "cluster, 2 workers"
    assert runs.load(path, SCHEMA) == found
    assert begun(None)["about"]["machine"] != found["about"]["machine"]  # it is left again


def test_the_cluster_gets_what_makes_the_runs_once(scheduler: str) -> None:
    """Its digits take 40 MB."""
    pickled: list[int] = []

    class Maker:
        def __call__(self, key: int) -> Made:
            return made_here(key)

        def __reduce__(self) -> tuple[type["Maker"], tuple[()]]:
            pickled.append(1)
            return Maker, ()

    with runs.on_cluster(scheduler):
        assert len([*runs.made(range(8), Maker())]) == 8
    assert len(pickled) <= 2  # a worker each


def failing(key: int) -> Made:
    raise ValueError("no such run")


def test_what_a_run_raises_reaches_those_who_wait(scheduler: str) -> None:
    with runs.on_cluster(scheduler), pytest.raises(ValueError, match="no such run"):
        [*runs.made(range(2), failing)]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere"])
def test_a_cluster_that_is_not_there_is_one_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PATIENCE", 0.5)
    with (
        pytest.raises(runs.StudyError, match=f"^{address}: no scheduler"),
        runs.on_cluster(address),
    ):
        pass


def test_a_cluster_without_workers_is_one_sentence() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as local,
        pytest.raises(runs.StudyError, match="no workers yet"),
        runs.on_cluster(local.scheduler_address),
    ):
        pass


def test_without_dask_a_cluster_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(runs.StudyError, match="pip install distributed"),
        runs.on_cluster("tcp://a"),
    ):
        pass
