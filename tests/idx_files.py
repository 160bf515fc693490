"""Folders of IDX files like MNIST's, for tests that need data of their own."""

import hashlib
from pathlib import Path

import numpy as np

from resnet import mnist


def idx_bytes(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def own_folder(folder: Path, images: int = 24, side: int = 28, sums: bool = True) -> Path:
    generator = np.random.default_rng(0)
    for part in ("train", "test"):
        pictures = generator.integers(0, 256, (images, side, side))
        (folder / mnist.FILES[f"{part}_images"]).write_bytes(idx_bytes(pictures))
        labels = generator.integers(0, 10, images)
        (folder / mnist.FILES[f"{part}_labels"]).write_bytes(idx_bytes(labels))
    if sums:
        write_sums(folder)
    return folder


def write_sums(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in mnist.FILES.values()
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))
