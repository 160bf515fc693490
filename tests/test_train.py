"""train.py, as a process."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import train as train_script
from resnet import checkpoint
from tests.idx_files import own_folder

ROOT = Path(__file__).parent.parent
SMALL = ("--variant", "plain", "--epochs", "2")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "train.py", *map(str, arguments)]


def train(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of one's own, small: three steps an epoch."""
    return own_folder(tmp_path_factory.mktemp("data"), images=420)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """The files of a run that nobody interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    result = train(*SMALL, "--data", data, "--output", folder)
    assert result.returncode == 0, result.stderr
    return folder


def sha256(folder: Path) -> str:
    _, about = checkpoint.load(folder / "plain.safetensors", "plain")
    return str(about["weights_sha256"])


@pytest.fixture
def started(tmp_path: Path, data: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has finished its first epoch and is somewhere behind it."""
    process = subprocess.Popen(
        command(*SMALL[:2], "--epochs", "40", "--data", data, "--output", tmp_path),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (tmp_path / "plain.unfinished.safetensors").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


def test_a_finished_run_leaves_a_checkpoint_and_nothing_else(whole: Path) -> None:
    assert [file.name for file in whole.iterdir()] == ["plain.safetensors"]
    _, about = checkpoint.load(whole / "plain.safetensors", "plain")
    assert about["test"]["total"] == 420
    assert about["validation"]["total"] == 35
    assert about["steps"] == 8


def test_a_dry_run_goes_all_the_way_and_keeps_nothing(tmp_path: Path) -> None:
    result = train("--dry-run", "--output", tmp_path / "none")
    assert result.returncode == 0, result.stderr
    assert "nothing was kept" in result.stdout
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_says_how_to_go_on(
    started: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "--resume" in out
    assert "Traceback" not in err
    tensors, about = checkpoint.read(tmp_path / "plain.unfinished.safetensors")
    assert about["step"] >= 3
    assert tensors


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what has to be found before a training begins."""
    monkeypatch.setattr("train.training.fit", lambda *_: pytest.fail("a training began"))
    monkeypatch.setattr("train.Interruption", lambda: None)


def run_in_process(*arguments: str | Path) -> int:
    return train_script.main(train_script.get_args_parser().parse_args(map(str, arguments)))


@pytest.mark.usefixtures("no_training")
def test_a_run_under_way_or_killed_is_not_overwritten_by_chance(
    started: subprocess.Popen[str],
    tmp_path: Path,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refused(*more: str) -> str:
        assert run_in_process(*SMALL, "--data", data, "--output", tmp_path, *more) == 2
        sentence = capsys.readouterr().err
        assert sentence.count("\n") == 1
        return sentence

    for more in ((), ("--resume",)):
        assert refused(*more).startswith(
            f"{tmp_path}: another training of the plain net writes here; "
        )
    started.kill()
    started.communicate()
    assert "add --resume" in refused()
    # With other settings it cannot go on either, and says so.
    assert "other settings" in refused("--resume")
    # What the run has saved is half of the room it was said to need.
    size = (tmp_path / "plain.unfinished.safetensors").stat().st_size
    assert size < train_script.room_needed(tmp_path) < 1.05 * size


def test_killed_at_any_time_it_ends_in_the_same_weights(
    tmp_path: Path, data: Path, whole: Path
) -> None:
    """Killed again and again, a bit later each time, until a run gets through."""
    arguments = (*SMALL, "--data", data, "--output", tmp_path, "--resume")
    for patience in (4.0, 5.0, 6.0, 300.0):
        process = subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        else:
            assert code == 0
            break
    assert sha256(tmp_path) == sha256(whole)


@pytest.mark.usefixtures("no_training")
def test_resuming_what_is_finished_says_so(
    whole: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (whole / "plain.safetensors").read_bytes()
    assert run_in_process(*SMALL, "--data", data, "--output", whole, "--resume") == 0
    assert "finished already" in capsys.readouterr().out
    assert (whole / "plain.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", "0"), "0 is less than 1"),
        (("--epochs", "x"), "invalid"),
        (("--seed", "-1"), "-1 is less than 0"),
        (("--seed", str(2**64)), "more than 64 bits"),
        (("--variant", "other"), "invalid choice"),
        (("--data", "nowhere"), "not found"),
    ],
)
@pytest.mark.usefixtures("no_training")
def test_a_wrong_flag_is_one_sentence(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = run_in_process(*arguments)
    except SystemExit as end:  # of the parser
        code = end.code
    assert code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures("no_training")
def test_an_output_that_is_a_file_is_found_before_training(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run_in_process(*SMALL, "--data", data, "--output", file) == 2
    assert capsys.readouterr().err == f"{file}: cannot be written (File exists)\n"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder of Linux that takes no files")
@pytest.mark.usefixtures("no_training")
def test_a_folder_that_takes_no_files_is_found_before_training(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_in_process(*SMALL, "--data", data, "--output", "/proc") == 2
    assert capsys.readouterr().err == "/proc: cannot be written (No such file or directory)\n"


@pytest.mark.usefixtures("no_training")
def test_a_disk_without_room_is_found_before_training(
    tmp_path: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 200_000_000)
    )
    arguments = (*SMALL, "--data", data, "--output", tmp_path)
    assert run_in_process(*arguments) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path}: 200 MB are free, and a run takes 358 MB until it is finished; make room, or "
        "choose another folder with --output\n"
    )
    assert not list(tmp_path.iterdir())
    # An interrupted run has half of it already.
    (tmp_path / "plain.unfinished.safetensors").write_bytes(bytes(180_000_000))
    assert train_script.room_needed(tmp_path) < 200_000_000


def test_a_save_that_fails_names_the_file_and_keeps_the_run(
    tmp_path: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A disk that fills up during a run, where one was interrupted before."""
    monkeypatch.setattr("train.Interruption", lambda: lambda: True)  # Ctrl-C at the first step
    arguments = (*SMALL, "--data", data, "--output", tmp_path)
    assert run_in_process(*arguments) == 130
    unfinished = tmp_path / "plain.unfinished.safetensors"
    before = unfinished.read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert run_in_process(*arguments, "--resume") == 2
    assert capsys.readouterr().err == (
        f"{unfinished}: cannot be written (No space left on device); "
        "what was there before is kept\n"
    )
    assert unfinished.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [unfinished.name]
    assert run_in_process(*arguments, "--resume") == 130


def test_a_data_set_too_small_for_a_batch_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("train.Interruption", lambda: None)
    assert run_in_process("--data", own_folder(tmp_path, images=60), "--output", tmp_path) == 2
    sentence = capsys.readouterr().err
    assert "do not fill a batch" in sentence
    assert sentence.count("\n") == 1
