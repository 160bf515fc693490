import json
import os
from pathlib import Path

import pytest
import torch

from resnet.studies import runs


def made_here(key: int) -> runs.Run:
    return {"key": key, "seed": key, "process": os.getpid(), "threads": torch.get_num_threads()}


def key_of(run: runs.Run) -> int:
    return int(run["key"])


def table() -> runs.Table:
    return runs.begun("command", None, {"recipe": 1}, {"rates": []}, 2)


def test_workers_make_runs_in_order_with_a_thread_each(tmp_path: Path) -> None:
    found, path = table(), tmp_path / "runs.json"
    runs.complete(found, range(5), key_of, made_here, path, workers=2)
    assert [run["key"] for run in found["runs"]] == [0, 1, 2, 3, 4]
    assert os.getpid() not in {run["process"] for run in found["runs"]}
    assert {run["threads"] for run in found["runs"]} == {1}
    assert runs.load(path) == found


def test_what_is_there_is_not_made_again() -> None:
    found = table()
    found["runs"] = [{"key": 1, "process": "another"}]
    runs.complete(found, range(3), key_of, made_here, None, workers=1)
    assert [run["key"] for run in found["runs"]] == [1, 0, 2]
    assert [run["process"] for run in found["runs"]] == ["another", os.getpid(), os.getpid()]


def test_the_file_is_written_after_each_run(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "runs.json"

    def failing(key: int) -> runs.Run:
        if key == 2:
            raise KeyboardInterrupt
        return made_here(key)

    with pytest.raises(KeyboardInterrupt):
        runs.complete(table(), range(5), key_of, failing, path, workers=1)
    assert [run["key"] for run in json.loads(path.read_text())["runs"]] == [0, 1]
    assert [*path.parent.glob(".*.tmp")] == []
    again = runs.begun("new", path, {"recipe": 1}, {"rates": []}, 7)
    assert len(again["runs"]) == 2
    assert again["about"]["command"] == "new --seeds 7"


def test_another_build_of_the_same_torch_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, found = tmp_path / "runs.json", table()
    found["runs"] = [made_here(5)]
    runs.save(found, path)
    for build in ("+cpu", "", "+cu999"):
        monkeypatch.setattr(torch, "__version__", runs.release(torch.__version__) + build)
        again = runs.begun("command", path, {"recipe": 1}, {"rates": []}, 2)
        assert again["runs"] == found["runs"]
        assert again["about"]["command"] == "command --seeds 5"  # all that the file holds
        assert again["about"]["torch"].endswith(build)


@pytest.mark.parametrize("other", ["recipe", "torch", "no table"])
def test_runs_of_another_study_stay_as_they_are(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, identity = tmp_path / "runs.json", {"recipe": 1}
    runs.save(runs.begun("command", path, identity, {"rates": []}, 2), path)
    match other:
        case "recipe":
            identity = {"recipe": 2}
        case "torch":
            monkeypatch.setattr(torch, "__version__", "0")
        case _:
            path.write_text("[]")
    before = path.read_bytes()
    with pytest.raises(runs.StudyError, match="name another file with --output"):
        runs.begun("command", path, identity, {"rates": []}, 2)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"about": {}, "runs": []}'])
def test_a_table_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    assert runs.load(path) is None
    path.write_text(text)
    assert runs.load(path) is None
