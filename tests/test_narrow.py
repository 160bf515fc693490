from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from resnet import checkpoint, ink, narrow
from resnet.checkpoint import CheckpointError
from resnet.classifier import Classifier
from resnet.narrow import Net
from tests.conftest import UNCALIBRATED, lively_narrow_net, random_pictures


@pytest.fixture
def folder(checkpoints: Path) -> Path:
    return checkpoints / narrow.FOLDER.name


@pytest.mark.parametrize("net", narrow.NETS, ids=str)
def test_a_file_holds_the_net_as_it_reads(net: Net, folder: Path) -> None:
    found, about = narrow.load(*net, folder)
    assert (about["variant"], about["depth"]) == net
    assert 2 * len(found.units()) + 2 == net[1]
    assert "mistakes" not in about
    stored = checkpoint.as_stored(lively_narrow_net(net))
    assert torch.equal(found(random_pictures()), stored(random_pictures()))
    answers = Classifier(found, about).logits(random_pictures())
    scale = answers.abs().max()
    expected = found(ink.normalise(random_pictures()))
    assert (answers - expected).abs().max() < 1e-3 * scale


def test_all_six_take_at_most_8_mb(folder: Path) -> None:
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert len(sizes) == 6
    assert sum(sizes) < 8e6


def test_the_taps_that_meet_a_pixel_by_hand() -> None:
    live = narrow.live_taps(narrow.build("residual", 34).eval())
    assert live["conv1.weight"] == (slice(0, 7),) * 2
    assert live["layer3.1.conv2.weight"] == (slice(0, 3),) * 2  # 2x2: each from another side
    assert live["layer4.0.conv1.weight"] == (slice(1, 3),) * 2  # from 2x2 to its one pixel
    assert live["layer4.0.conv2.weight"] == (slice(1, 2),) * 2
    assert live["layer4.0.downsample.0.weight"] == (slice(0, 1),) * 2


def test_the_taps_that_a_file_lacks_are_0(folder: Path) -> None:
    net, _ = narrow.load("plain", 18, folder)
    kernel = net.state_dict()["layer4.1.conv1.weight"].clone()
    assert kernel[:, :, 1, 1].count_nonzero() > 0
    kernel[:, :, 1, 1] = 0
    assert kernel.count_nonzero() == 0


def refused(folder: Path, change: Mapping[str, object], net: Net = ("plain", 18)) -> str:
    path = narrow.path_of(*net, folder)
    tensors, about = checkpoint.read(path)
    checkpoint.write(path, tensors, {**about, **change})
    with pytest.raises(CheckpointError, match="python -m resnet narrow") as error:
        narrow.load(*net, folder)
    return str(error.value)


def test_what_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not found"):
        narrow.load("plain", 18, tmp_path)
    path = narrow.path_of("plain", 18, tmp_path)
    narrow.save(path, lively_narrow_net(("plain", 18)), UNCALIBRATED)
    whole = path.read_bytes()
    for change, why in (
        ({"depth": 34}, "not the plain net of 18 layers"),
        ({"variant": "residual"}, "not the plain net of 18 layers"),
        ({"box": 20}, "do not fill"),
        ({"calibration": {}}, "no calibration"),
        ({"self_test": [0] * 10}, "no longer reads"),
    ):
        assert why in refused(tmp_path, change)
        path.write_bytes(whole)
    tensors, about = checkpoint.read(path)
    tensors["layer4.1.conv1.weight"] = tensors["layer4.1.conv1.weight"][:, :, :0]
    checkpoint.write(path, tensors, about)
    assert "not the weights" in refused(tmp_path, {})
    path.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match="cut, damaged"):
        narrow.read("plain", 18, tmp_path)


@pytest.mark.parametrize("net", narrow.NETS, ids=str)
def test_a_shipped_net_reads_as_its_metadata_say(net: Net) -> None:
    _, about = narrow.load(*net)
    assert about["test"]["total"] == 10_000
    assert about["seeds"] >= 1


def test_variances_that_float16_cannot_hold_are_kept(tmp_path: Path) -> None:
    """As a deep net has them that never learnt."""
    net = lively_narrow_net(("plain", 18))
    net.state_dict()["bn1.running_var"].fill_(2.5e6)
    path = narrow.path_of("plain", 18, tmp_path)
    narrow.save(path, net, UNCALIBRATED)
    tensors, _ = checkpoint.read(path)
    assert tensors["bn1.running_var"].dtype == torch.float32
    assert tensors["bn1.weight"].dtype == torch.float16
    loaded, _ = narrow.load("plain", 18, tmp_path)
    assert loaded.state_dict()["bn1.running_var"].tolist() == [2.5e6] * narrow.WIDTH
