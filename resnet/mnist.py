"""The MNIST arrays: find, verify, split."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent.parent / "data" / "mnist"
FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
SIDE = 28


class DataError(Exception):
    """The data are not what they should be; the message names the file and the remedy."""


@dataclass(frozen=True)
class Split:
    images: Tensor  # (N, 28, 28) uint8, white ink on black
    labels: Tensor  # (N,) int64, 0 to 9

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Self:
        return type(self)(self.images[:count], self.labels[:count])


@dataclass(frozen=True)
class Mnist:
    train: Split  # 55,000 digits
    validation: Split  # 5,000, the last of MNIST's training file
    test: Split  # 10,000, to be read when everything is decided; readings.py logs it
    sha256: str  # of the four files' hashes: which data this is


def load(folder: Path = FOLDER) -> Mnist:
    """The splits from the four IDX files in a folder, gzipped or not.

    The last twelfth of the training file is the validation slice. What the files must hash to,
    unpacked, stands in the folder's own SHA256SUMS; a folder without one must hold MNIST itself.
    Raises DataError when a file is missing, broken or not the expected one.
    """
    expected = expected_hashes(folder)
    raw = {key: read(folder, name, expected[name]) for key, name in FILES.items()}
    for key, name in FILES.items():
        found = hashlib.sha256(raw[key]).hexdigest()
        if found != expected[name]:
            raise DataError(
                f"{folder / name}: the sha256 is {found}, expected {expected[name]}; "
                "restore the file (git checkout -- data/mnist) or correct the folder's SHA256SUMS"
            )
    train = labelled(raw, "train", folder)
    test = labelled(raw, "test", folder)
    kept = len(train) - len(train) // 12
    return Mnist(
        train=Split(train.images[:kept], train.labels[:kept]),
        validation=Split(train.images[kept:], train.labels[kept:]),
        test=test,
        sha256=fingerprint(folder),
    )


def fingerprint(folder: Path = FOLDER) -> str:
    """Which data a folder holds: the sha256 of its four files' hashes."""
    expected = expected_hashes(folder)
    return hashlib.sha256("".join(expected[name] for name in FILES.values()).encode()).hexdigest()


def expected_hashes(folder: Path) -> dict[str, str]:
    sums = folder / "SHA256SUMS"
    if not sums.exists():
        sums = FOLDER / "SHA256SUMS"
    try:
        lines = sums.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{sums}: cannot be read; restore it (git checkout -- data/mnist)"
        ) from error
    pairs = [line.split() for line in lines if line.strip()]
    hashes = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
    missing = [name for name in FILES.values() if name not in hashes]
    if missing:
        raise DataError(
            f"{sums}: no hash for {missing[0]}; add one line a file, as sha256sum prints it"
        )
    return hashes


def read(folder: Path, name: str, expected: str) -> bytes:
    """The bytes of an IDX file, unpacked."""
    packed = folder / f"{name}.gz"
    plain = folder / name
    try:
        return gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{packed}: not found; restore it (git checkout -- data/mnist) "
            "or name another folder with --data"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{packed if packed.exists() else plain}: expected the sha256 {expected} unpacked, "
            f"found a file that cannot be read ({error}); restore it (git checkout -- data/mnist)"
        ) from error


def labelled(raw: dict[str, bytes], part: str, folder: Path) -> Split:
    images = idx(raw[f"{part}_images"], folder / FILES[f"{part}_images"])
    labels = idx(raw[f"{part}_labels"], folder / FILES[f"{part}_labels"])
    if images.shape != (len(labels), SIDE, SIDE) or labels.max(initial=0) > 9:
        raise DataError(
            f"{folder}: images {images.shape} and labels {labels.shape} of {part} do not fit; "
            f"wanted (N, {SIDE}, {SIDE}) and N labels from 0 to 9"
        )
    return Split(torch.from_numpy(images), torch.from_numpy(labels).long())


def idx(raw: bytes, path: Path) -> np.ndarray:
    """Decode the IDX format: 0, 0, type, dimensions, the sizes as big-endian uint32, the data."""
    dimensions = raw[3] if len(raw) > 3 else 0
    header = 4 + 4 * dimensions
    if len(raw) < header or raw[:3] != b"\0\0\x08":
        raise DataError(f"{path}: not an IDX file of bytes; wanted the format of MNIST")
    shape = tuple(np.frombuffer(raw, ">u4", dimensions, offset=4).tolist())
    if len(raw) - header != np.prod(shape, dtype=np.int64):
        raise DataError(
            f"{path}: {len(raw) - header} bytes for shape {shape}; the file is cut or padded"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape).copy()
