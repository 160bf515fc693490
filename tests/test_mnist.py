import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from resnet import mnist
from tests.idx_files import own_folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(mnist.FOLDER, tmp_path / "mnist"))


def test_the_committed_files_are_mnist() -> None:
    data = mnist.load()
    assert [len(split) for split in (data.train, data.validation, data.test)] == [
        55000,
        5000,
        10000,
    ]
    # The first labels of both files, and how often each digit occurs, as LeCun's page has them.
    assert data.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert data.test.labels.bincount().tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert data.train.images.shape == (55000, 28, 28)


def test_train_and_validation_are_the_file_in_order() -> None:
    data = mnist.load()
    whole = np.frombuffer(
        gzip.decompress((mnist.FOLDER / "train-labels-idx1-ubyte.gz").read_bytes()),
        np.uint8,
        offset=8,
    )
    assert data.train.labels.tolist() + data.validation.labels.tolist() == whole.tolist()


def test_unpacked_files_give_the_same(copy: Path) -> None:
    for packed in copy.glob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    assert mnist.load(copy).sha256 == mnist.load().sha256


def test_a_changed_byte_is_named_with_both_hashes_and_the_remedy(copy: Path) -> None:
    packed = copy / "t10k-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress(packed.read_bytes()))
    raw[5000] ^= 1
    packed.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(mnist.DataError) as error:
        mnist.load(copy)
    for part in (
        "t10k-labels",
        hashlib.sha256(raw).hexdigest(),
        "ff7bcfd416de3373",
        "git checkout",
    ):
        assert part in str(error.value)


def test_cut_and_missing_files_are_named_with_the_remedy(copy: Path) -> None:
    packed = copy / "train-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:100_000])
    with pytest.raises(mnist.DataError, match=r"train-images.*expected.*ba891046.*git checkout"):
        mnist.load(copy)
    packed.unlink()
    with pytest.raises(mnist.DataError, match=r"train-images.*not found.*--data"):
        mnist.load(copy)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    data = mnist.load(own_folder(tmp_path))
    assert [len(split) for split in (data.train, data.validation, data.test)] == [22, 2, 24]
    assert data.sha256 != mnist.load().sha256


def test_a_folder_without_hashes_must_be_mnist(tmp_path: Path) -> None:
    with pytest.raises(mnist.DataError, match="expected ba891046"):
        mnist.load(own_folder(tmp_path, sums=False))


@pytest.mark.parametrize("sums", [b"one\n", b"one two three\n", b"\xff\xfe", b""])
def test_hashes_that_are_none_are_named(tmp_path: Path, sums: bytes) -> None:
    (own_folder(tmp_path) / "SHA256SUMS").write_bytes(sums)
    with pytest.raises(mnist.DataError, match="SHA256SUMS"):
        mnist.load(tmp_path)


@pytest.mark.parametrize("side", [27, 32])
def test_pictures_of_another_size_are_refused(tmp_path: Path, side: int) -> None:
    with pytest.raises(mnist.DataError, match="do not fit"):
        mnist.load(own_folder(tmp_path, side=side))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0", "not an IDX file"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "cut or padded"),
        (b"\0\0\x08\x03\0\0", "not an IDX file"),
    ],
)
def test_broken_idx(raw: bytes, message: str) -> None:
    with pytest.raises(mnist.DataError, match=message):
        mnist.idx(raw, Path("file"))
