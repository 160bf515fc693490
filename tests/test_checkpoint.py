import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from resnet import checkpoint
from resnet.checkpoint import CheckpointError
from tests.conftest import UNCALIBRATED, lively_net

ABOUT = {**UNCALIBRATED, "seed": 3, "history": {"loss": [1.5, 0.25]}}


@pytest.fixture
def saved(tmp_path: Path, variant: str) -> Path:
    path = tmp_path / f"{variant}.safetensors"
    checkpoint.save(path, lively_net(variant), ABOUT)
    return path


def test_what_is_saved_is_loaded(saved: Path, variant: str) -> None:
    net, about = checkpoint.load(saved, variant)
    expected = lively_net(variant).state_dict()
    for name, tensor in net.state_dict().items():
        stored = expected[name].half().float() if tensor.is_floating_point() else expected[name]
        assert torch.equal(tensor, stored)
    assert not net.training
    assert {**about, **ABOUT} == about
    assert about["variant"] == variant
    assert len(about["self_test"]) == 10


def test_loading_draws_no_first_weights(saved: Path, variant: str) -> None:
    before = torch.get_rng_state()
    checkpoint.load(saved, variant)
    assert torch.equal(torch.get_rng_state(), before)
    checkpoint.build(variant)
    assert not torch.equal(torch.get_rng_state(), before)


def test_any_reader_of_safetensors_finds_half_floats_and_the_description(saved: Path) -> None:
    with safe_open(saved, "pt") as file:
        assert file.get_tensor("conv1.weight").dtype == torch.float16
        assert json.loads(file.metadata()["test"]) == ABOUT["test"]
    assert saved.stat().st_size < 23_000_000


def test_the_same_net_has_the_same_bytes(saved: Path, variant: str, tmp_path: Path) -> None:
    again = tmp_path / "again"
    checkpoint.save(again, lively_net(variant), ABOUT)
    assert checkpoint.read(again)[1] == checkpoint.read(saved)[1]


def test_the_mode_is_that_of_any_new_file(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    assert {file.name for file in tmp_path.iterdir()} == {saved.name, other.name}


# --- faults: one line that names file, fault and remedy ----------------------------------------


def rewritten(change: Callable[[dict[str, torch.Tensor], dict[str, str]], Any], seal: bool) -> Any:
    """A fault that changes tensors or metadata, with the sha256 made to fit or not."""

    def apply(path: Path) -> None:
        tensors, about = checkpoint.read(path)
        metadata = {key: json.dumps(value) for key, value in about.items()}
        metadata["sha256"] = json.dumps(checkpoint.digest(tensors, about))
        change(tensors, metadata)
        if seal:
            del metadata["sha256"]
            about = {key: json.loads(value) for key, value in metadata.items()}
            checkpoint.write(path, tensors, about)
        else:
            path.write_bytes(safetensors.torch.save(tensors, metadata))

    return apply


def cut(share: float) -> Callable[[Path], Any]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def flip_in_tensors(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1000] ^= 1
    path.write_bytes(raw)


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (Path.unlink, "not found"),
    "a folder": (into_folder, "is a folder, not a file"),
    "empty": (cut(0), "cut, damaged"),
    "cut in the header": (cut(0.0001), "cut, damaged"),
    "cut in the tensors": (cut(0.5), "cut, damaged"),
    "cut at the end": (lambda path: os.truncate(path, path.stat().st_size - 1), "cut, damaged"),
    "padded": (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "cut, damaged"),
    "another format": (lambda path: path.write_bytes(b"PK\x03\x04" * 1000), "cut, damaged"),
    "a flipped bit": (flip_in_tensors, "damaged, its sha256"),
    "no metadata": (
        lambda path: path.write_bytes(safetensors.torch.save(checkpoint.read(path)[0])),
        "cut, damaged",
    ),
    "other metadata": (
        rewritten(lambda tensors, about: about.update(seed="4"), seal=False),
        "damaged, its sha256",
    ),
    "not a number": (
        rewritten(lambda tensors, about: tensors["fc.bias"].fill_(float("nan")), seal=True),
        "fc.bias has values that are not finite",
    ),
    "infinite": (
        rewritten(lambda tensors, about: tensors["bn1.weight"].fill_(float("inf")), seal=True),
        "bn1.weight has values that are not finite",
    ),
    "a missing layer": (
        rewritten(lambda tensors, about: tensors.pop("layer3.0.bn2.bias"), seal=True),
        "not the weights of this ResNet18",
    ),
    "another shape": (
        rewritten(lambda tensors, about: tensors.update({"fc.bias": torch.zeros(7)}), seal=True),
        "not the weights of this ResNet18",
    ),
    "other weights": (
        rewritten(lambda tensors, about: tensors["fc.weight"].neg_(), seal=True),
        "no longer reads the sample digits",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_fault_and_remedy(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "residual.safetensors"
    checkpoint.save(path, lively_net("residual"), ABOUT)
    spoil, message = FAULTS[fault]
    spoil(path)
    with pytest.raises(CheckpointError) as error:
        checkpoint.load(path, "residual")
    text = str(error.value)
    assert str(path) in text
    assert message in text
    assert "python train.py --variant residual" in text
    assert "\n" not in text


def crafted(name: str, value: Any) -> Callable[[Path], None]:
    """A file whose sha256 fits, with one entry of the metadata replaced or, for None, left out."""

    def apply(path: Path) -> None:
        tensors, about = checkpoint.read(path)
        checkpoint.write(
            path, tensors, {n: v for n, v in {**about, name: value}.items() if v is not None}
        )

    return apply


def deep(path: Path) -> None:
    tensors, _ = checkpoint.read(path)
    path.write_bytes(safetensors.torch.save(tensors, {"history": "[" * 300_000 + "]" * 300_000}))


CALIBRATION = UNCALIBRATED["calibration"]
CRAFTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "JSON 300,000 lists deep": (deep, "cut, damaged"),
    "no variant": (crafted("variant", None), "no variant"),
    "a variant of two lines": (crafted("variant", "a\nb"), "no variant"),
    "no sha256 of the weights": (crafted("weights_sha256", None), "no weights_sha256"),
    "a number for it": (crafted("weights_sha256", 7), "no weights_sha256"),
    "no score": (crafted("test", None), "no test"),
    "a score of no digits": (crafted("test", {"right": 0, "total": 0}), "no test"),
    "more right than there are": (crafted("test", {"right": 9, "total": 8}), "no test"),
    "a score of strings": (crafted("test", {"right": "9", "total": "10"}), "no test"),
    "a score no float holds": (crafted("test", {"right": 1, "total": 10**400}), "no test"),
    "no calibration": (crafted("calibration", None), "no calibration"),
    "a list of it": (crafted("calibration", [1, 1, 0, 0]), "no calibration"),
    "one of strings": (crafted("calibration", dict.fromkeys(CALIBRATION, "1")), "no calibration"),
    "a number too many": (crafted("calibration", {**CALIBRATION, "bias": 0}), "no calibration"),
    "a slope that is not finite": (
        crafted("calibration", {**CALIBRATION, "slope": float("nan")}),
        "no calibration",
    ),
    "a temperature of 0": (
        crafted("calibration", {**CALIBRATION, "temperature": 0}),
        "no calibration",
    ),
    "8-bit floats": (
        rewritten(
            lambda tensors, about: tensors.update(
                {"fc.bias": torch.zeros(7).to(torch.float8_e4m3fn)}
            ),
            seal=True,
        ),
        "not the weights of this ResNet18",
    ),
}


@pytest.mark.parametrize("fault", CRAFTED)
def test_crafted_metadata_are_refused_like_any_fault(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "residual.safetensors"
    checkpoint.save(path, lively_net("residual"), ABOUT)
    spoil, message = CRAFTED[fault]
    spoil(path)
    with pytest.raises(CheckpointError) as error:
        checkpoint.load(path, "residual")
    text = str(error.value)
    assert text.startswith(f"{path}: ")
    assert message in text
    assert "python train.py --variant residual" in text
    assert "\n" not in text


def test_the_other_net_is_refused_by_name(saved: Path, variant: str) -> None:
    other = "plain" if variant == "residual" else "residual"
    with pytest.raises(CheckpointError, match=f"holds the {variant} net, not the {other} one"):
        checkpoint.load(saved, other)


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "small"
    tensors = {"a": torch.arange(12.0).reshape(3, 4), "b": torch.arange(5)}
    checkpoint.write(path, tensors, {"name": "value", "list": [1, 2.5]})
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for position in range(len(whole)):
        raw = bytearray(whole)
        raw[position] ^= int(generator.integers(1, 256))
        path.write_bytes(raw)
        with pytest.raises(CheckpointError):
            checkpoint.read(path)


# --- saving loses nothing ----------------------------------------------------------------------


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net"
    checkpoint.write(path, {"a": torch.zeros(3)}, {})
    before = path.read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match=rf"^{path}: cannot be written \(No space left"):
        checkpoint.write(path, {"a": torch.ones(3)}, {})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_net_that_is_not_finite_never_replaces(saved: Path, variant: str) -> None:
    before = saved.read_bytes()
    net = lively_net(variant)
    net.fc.bias.data[3] = 1e6  # more than a float16 holds
    with pytest.raises(CheckpointError, match=r"not written, since fc\.bias"):
        checkpoint.save(saved, net, ABOUT)
    assert saved.read_bytes() == before


def test_a_draft_that_reads_back_wrong_never_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net"
    checkpoint.write(path, {"a": torch.zeros(3)}, {})
    before = path.read_bytes()
    save = safetensors.torch.save
    monkeypatch.setattr(safetensors.torch, "save", lambda *args: save(*args)[:-1] + b"\1")
    with pytest.raises(CheckpointError):
        checkpoint.write(path, {"a": torch.ones(3)}, {})
    assert path.read_bytes() == before


def test_a_net_in_use_does_not_hang_on_its_file(saved: Path, variant: str) -> None:
    net, _ = checkpoint.load(saved, variant)
    before = net.conv1.weight.clone()
    saved.write_bytes(bytes(saved.stat().st_size))
    assert torch.equal(net.conv1.weight, before)


# --- the committed pair ------------------------------------------------------------------------


def test_the_committed_checkpoint_describes_itself(variant: str) -> None:
    _, about = checkpoint.load(checkpoint.path_of(variant), variant)
    assert about["self_test"] == list(range(10))
    of_narrow_nets = {"depth", "box", "seeds"}
    assert about.keys() == checkpoint.About.__annotations__.keys() - of_narrow_nets
    for score, total in ((about["validation"], 5000), (about["test"], 10000)):
        assert score["total"] == total
        assert score["right"] > 0.99 * total
    history = about["history"]
    steps = len(history["step"])
    assert steps == len(history["loss"]) > 50
    assert len(history["gradient_norm"]) == 6
    assert all(len(norms) == steps for norms in history["gradient_norm"].values())
    assert len(history["epochs"]) == about["recipe"]["epochs"]
