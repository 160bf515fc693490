"""Checkpoints that are damaged: each is refused in one line that names the file, none is loaded."""

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from bench.proofs.served import Proof
from resnet import checkpoint
from resnet.checkpoint import CheckpointError

Harm = Callable[[bytes], bytes]


def prove(flips: int = 200, seed: int = 0) -> Proof:
    proof = Proof(
        "Damage", f"{flips} single bits flipped, {len(KINDS)} kinds of damage, seed {seed}"
    )
    generator = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        path = checkpoint.path_of("residual", Path(name))
        whole = checkpoint.path_of("residual").read_bytes()
        for _ in range(flips):
            bit = generator.randrange(8 * len(whole))
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            proof.lost += lost(path, f"bit {bit}")
        for kind, harm in KINDS.items():
            path.write_bytes(harm(whole))
            proof.lost += lost(path, kind)
    return proof


def lost(path: Path, what: str) -> list[str]:
    try:
        checkpoint.load(path, "residual")
    except CheckpointError as error:
        said = str(error)
        is_told = path.name in said and "\n" not in said and "restore it" in said
        return [] if is_told else [f"{what}: {said}"]
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {error}"]
    return [f"{what}: loaded"]


# --- kinds ---------------------------------------------------------------------------------------


def rewritten(change: Callable[[dict[str, torch.Tensor], dict[str, str]], None]) -> Harm:
    """A file with another content, sound as a file of its format."""

    def harm(whole: bytes) -> bytes:
        tensors = safetensors.torch.load(whole)
        header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
        about = header["__metadata__"]
        change(tensors, about)
        return safetensors.torch.save(tensors, about)

    return harm


def signed(change: Callable[[dict[str, torch.Tensor]], None]) -> Harm:
    """The same with a checksum that fits: only what it holds is wrong."""

    def both(tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
        change(tensors)
        told = {key: json.loads(value) for key, value in about.items() if key != "sha256"}
        about["sha256"] = json.dumps(checkpoint.digest(tensors, told))

    return rewritten(both)


def zeroed(tensors: dict[str, torch.Tensor]) -> None:
    for tensor in tensors.values():
        tensor.zero_()


def fill(tensor: torch.Tensor) -> None:
    tensor.fill_(torch.nan)


def delete(of: dict[str, Any], name: str) -> None:
    del of[name]


KINDS: dict[str, Harm] = {
    "empty": lambda whole: b"",
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "a byte short": lambda whole: whole[:-1],
    "a byte more": lambda whole: whole + b"\0",
    "a header of any length": lambda whole: b"\xff" * 8 + whole[8:],
    "a header that is no JSON": lambda whole: whole[:8] + b"x" + whole[9:],
    "the other net": lambda whole: checkpoint.path_of("plain").read_bytes(),
    "no metadata": rewritten(lambda tensors, about: about.clear()),
    "another checksum": rewritten(lambda tensors, about: about.update(sha256='"0"')),
    "no calibration": rewritten(lambda tensors, about: delete(about, "calibration")),
    "not finite": signed(lambda tensors: fill(tensors["fc.weight"])),
    "a tensor missing": signed(lambda tensors: delete(tensors, "fc.bias")),
    "a tensor more": signed(lambda tensors: tensors.update(more=torch.zeros(3))),
    "all zeros": signed(zeroed),
}
