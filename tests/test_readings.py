import json
import re
from pathlib import Path
from typing import Any

import pytest

import train
from resnet import __main__, checkpoint, mnist, narrow, readings
from resnet.checkpoint import About
from tests.idx_files import own_folder

SHIPPED = [checkpoint.load(checkpoint.path_of(v), v)[1] for v in checkpoint.VARIANTS]
NARROW = [narrow.load(*net)[1] for net in narrow.NETS if narrow.path_of(*net).exists()]
SCORE: dict[str, Any] = {
    "right": 7,
    "total": 9,
    "data_sha256": mnist.fingerprint(),
    "command": "command",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of one's own, with the lines of the shipped nets."""
    path = tmp_path / "readings.jsonl"
    path.write_bytes(readings.FILE.read_bytes())
    monkeypatch.setattr(readings, "FILE", path)
    return path


def test_the_log_holds_every_training_that_was_scored() -> None:
    rows = lines(readings.FILE)
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"])
        assert row["variant"] in checkpoint.VARIANTS
        assert row["weights_sha256"] is None or re.fullmatch("[0-9a-f]{64}", row["weights_sha256"])
        least = 0 if "layers" in row else 9000  # a narrow net may only guess
        assert least < row["right"] <= row["total"] == 10_000
        assert row["command"].startswith("python ")
    for about in [*SHIPPED, *NARROW]:
        (row,) = [row for row in rows if row["weights_sha256"] == about["weights_sha256"]]
        assert row.get("layers") == about.get("depth")
        assert {"right": row["right"], "total": row["total"]} == about["test"]


def test_the_documents_tell_of_every_reading_in_the_log() -> None:
    document = (Path(__file__).parent.parent / "docs" / "results.md").read_text()
    told = re.findall(r"^\| \w+ \| .*?\| (\d{4}) \| (\d{4}) \|", document, re.MULTILINE)
    rows = lines(readings.FILE)  # of a pair the quicker training comes first
    rights = [
        [str(row["right"]) for row in rows if row["variant"] == v and "layers" not in row]
        for v in checkpoint.VARIANTS
    ]
    assert told == list(zip(*rights, strict=True))


def test_a_reading_is_logged_once_for_the_same_weights(file: Path) -> None:
    before = lines(file)
    for about in SHIPPED:
        readings.log(about, **SCORE)
    assert lines(file) == before
    fresh: About = {**SHIPPED[0], "weights_sha256": "0" * 64}
    for _ in range(2):
        readings.log(fresh, **SCORE)
    (row,) = lines(file)[len(before) :]
    assert row["weights_sha256"] == "0" * 64
    assert row["variant"] == SHIPPED[0]["variant"]
    assert (row["right"], row["total"], row["command"]) == (7, 9, "command")
    assert lines(file)[:-1] == before


def test_a_missing_log_is_begun(file: Path) -> None:
    file.unlink()
    readings.log(SHIPPED[0], **SCORE)
    assert len(lines(file)) == 1


def test_other_data_leave_no_line(file: Path) -> None:
    file.unlink()
    readings.log(SHIPPED[0], **{**SCORE, "data_sha256": "another"})
    assert not file.exists()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Few digits that pass for MNIST."""
    folder = tmp_path / "data"
    folder.mkdir()
    own_folder(folder, images=100)
    own = mnist.fingerprint(folder)
    monkeypatch.setattr(mnist, "fingerprint", lambda folder=None: own)
    return folder


def test_evaluate_logs_weights_that_have_no_line(file: Path, small: Path) -> None:
    parse = __main__.get_args_parser().parse_args
    args = parse(["evaluate", "--model", "plain", "--data", str(small)])
    before = file.read_text()
    assert args.run(args) == 0
    assert file.read_text() == before
    file.unlink()
    assert args.run(args) == 0
    (row,) = lines(file)
    assert row["variant"] == "plain"
    assert row["total"] == 100
    assert row["command"] == "python -m resnet evaluate"


def test_train_logs_what_it_reads_and_a_dry_run_nothing(
    file: Path, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.Interruption", lambda: lambda: False)
    before = lines(file)
    nets = tmp_path / "nets"
    flags = ["--variant", "plain", "--epochs", "1", "--data", str(small), "--output", str(nets)]
    args = train.get_args_parser().parse_args(flags)
    assert train.main(args) == 0
    (row,) = lines(file)[len(before) :]
    _, about = checkpoint.load(checkpoint.path_of("plain", nets), "plain")
    assert row["weights_sha256"] == about["weights_sha256"]
    assert {"right": row["right"], "total": row["total"]} == about["test"]
    assert row["command"] == "python train.py --variant plain --epochs 1 --seed 0"
    assert str(tmp_path) not in file.read_text()

    assert train.main(train.get_args_parser().parse_args([*flags, "--seed", "1", "--dry-run"])) == 0
    assert len(lines(file)) == len(before) + 1
