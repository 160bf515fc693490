"""Two processes train as one does; torch.distributed has them meet, as it would many machines."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from resnet import checkpoint, parallel, training
from resnet.training import Run
from tests.idx_files import own_folder
from tests.parallel_run import trained

ROOT = Path(__file__).parent.parent
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def torchrun(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*TORCHRUN, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by-two")
    done = torchrun("-m", "tests.parallel_run", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "HISTORY_EVERY", 1)


def same(ours: Run, path: Path) -> None:
    tensors, about = checkpoint.read(path)
    history = about["history"]
    assert about["step"] == ours.step
    assert history["step"] == ours.history["step"]
    assert history["loss"] == pytest.approx(ours.history["loss"], rel=1e-5)
    for name, norms in ours.history["gradient_norm"].items():
        assert history["gradient_norm"][name] == pytest.approx(norms, rel=1e-3)
    for name, tensor in ours.net.state_dict().items():
        assert torch.allclose(tensors[f"net.{name}"], tensor, rtol=1e-6, atol=1e-9), name
    for name, tensor in ours.average.state_dict().items():
        assert torch.allclose(tensors[f"average.{name}"], tensor, rtol=1e-6, atol=1e-9), name


@functools.cache
def alone(variant: str) -> Run:
    return trained(variant, parallel.ALONE)


def test_two_processes_learn_what_one_does(variant: str, by_two: Path) -> None:
    same(alone(variant), by_two / variant)


def test_one_that_asks_to_stop_stops_both_and_one_alone_goes_on(by_two: Path) -> None:
    path = by_two / "stopped"
    _, about = checkpoint.read(path)
    assert about["step"] == 3
    trained("residual", parallel.ALONE, path)
    same(alone("residual"), path)


def test_train_writes_and_says_everything_once(tmp_path: Path) -> None:
    data = own_folder(tmp_path, images=420)
    flags = ("--variant", "plain", "--epochs", "1", "--data", data, "--output", tmp_path / "out")
    done = torchrun("train.py", *flags)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["plain.safetensors"]
    checkpoint.load(tmp_path / "out" / "plain.safetensors", "plain")
    assert done.stdout.count("\n") == 1
    assert done.stdout.count("on validation") == 1


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match="3 processes cannot share a batch of 16 equally"):
        trained("plain", parallel.Team(0, 3))


def test_shares_make_up_the_batch() -> None:
    batch = torch.arange(12)
    shares = [parallel.Team(rank, 3).share(batch) for rank in range(3)]
    assert torch.cat(shares).sort().values.equal(batch)
    assert {len(share) for share in shares} == {4}
