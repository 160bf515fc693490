"""Nets and drawings that many tests need."""

import io
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported
# For this process and those it starts: tests of small tensors; threads would only wait for each
# other.
os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis  # noqa: F401 - its plugin imports it late, beside the server's threads
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from resnet import checkpoint, ink, mnist, narrow, nearest, readback
from resnet.calibration import Calibration
from resnet.classifier import Classifier
from resnet.model import LiveConv2d, ResNet, ResNet18
from resnet.nearest import SIZE, Codes, Nearest
from resnet.readback import DIGITS, LEVELS, RANK, Basis, Decoder, Readback, Score
from resnet.studies import depth, shattered, textbook
from resnet.surgery import Trace, trace
from tests.idx_files import idx_bytes, own_folder, write_sums


def enliven(net: nn.Module, seed: int = 0) -> None:
    """Give every batch norm weights and statistics that it would have after training.

    A fresh one is nearly the identity, which hides a norm that was never loaded.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.normal_(0, 0.3, generator=generator)
            module.running_mean.normal_(0, 0.3, generator=generator)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5, generator=generator)  # type: ignore[union-attr]


def lively_net(variant: str, seed: int = 0) -> ResNet18:
    """A net in eval mode as if it had been trained, in no time."""
    torch.manual_seed(seed)
    net = checkpoint.build(variant)
    enliven(net, seed)
    return net.eval()


def random_pictures(count: int = 3) -> torch.Tensor:
    """(count, 1, 32, 32), the same each time."""
    return torch.rand(count, 1, ink.SIDE, ink.SIDE, generator=torch.Generator().manual_seed(0))


@contextmanager
def ordinary_convolutions() -> Iterator[None]:
    live = LiveConv2d.forward
    LiveConv2d.forward = nn.Conv2d.forward  # type: ignore[method-assign]
    try:
        yield
    finally:
        LiveConv2d.forward = live  # type: ignore[method-assign]


def thin(net: ResNet, pictures: torch.Tensor) -> Trace:
    """The trace with 16 channels a place: the matrices of all of them take half a minute."""
    seen = trace(net, pictures)
    return replace(seen, maps=[features[:, :16] for features in seen.maps])


# Metadata of a net whose logits are taken as they are, and which answers whatever it is shown: no
# more than every checkpoint has to have.
UNCALIBRATED: checkpoint.About = {
    "calibration": asdict(Calibration(1.0, 1.0, 0.0, 0.0)),
    "test": {"right": 9, "total": 10},
}


@pytest.fixture(params=checkpoint.VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made() -> Readback:
    """A read-back that nothing was fitted to, in no time."""
    random = Random()
    return Readback(
        Basis(random(ink.SIDE**2), random(RANK, ink.SIDE**2)),
        random.decoders(RANK + DIGITS),
        [Score(0.9 - place / 10, 100 + place, 200) for place in range(9)],
    )


@pytest.fixture
def near() -> Nearest:
    """Of the last of MNIST's training digits, the codes at random."""
    random, digits = Random(), torch.arange(54_980, 55_000)
    return Nearest(
        digits,
        mnist.load().train.labels[digits],
        [
            Codes(coder, (40 * random(20, SIZE)).round().clamp(-LEVELS, LEVELS), 300.0 + place)
            for place, coder in enumerate(random.decoders(SIZE))
        ],
        [{"right": 100 + place, "total": 200} for place in range(9)],
        mnist.fingerprint(),
    )


class Random:
    """Values that are the same each time."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.generator).half().float()

    def decoders(self, outputs: int) -> list[Decoder]:
        """Of each place."""
        channels = (64, 64, 64, 128, 128, 256, 256, 512, 512)
        sizes = (8, 8, 8, 4, 4, 2, 2, 1, 1)
        return [
            Decoder(
                (40 * self(c * size * size, outputs)).round().clamp(-LEVELS, LEVELS),
                self(outputs) / 40,
                self(outputs),
            )
            for c, size in zip(channels, sizes, strict=True)
        ]


@pytest.fixture(scope="session")
def classifiers() -> dict[str, Classifier]:
    """The nets in checkpoints/, ready to answer."""
    return {variant: Classifier.load(variant) for variant in checkpoint.VARIANTS}


@dataclass(frozen=True)
class Measured:
    """Test digits on which the nets differ, and what the checkpoints would say of them."""

    data: Path  # a folder of IDX files
    abouts: dict[str, checkpoint.About]


@pytest.fixture(scope="session")
def measured(
    classifiers: dict[str, Classifier], tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    """20 digits of MNIST laid over others: three that only the residual net reads right, two that
    only the plain one does, three that neither does.

    The nets are those in checkpoints/, whatever they are: the labels are made to fit.
    """
    images = mnist.load().test.images[:1000]
    images = torch.maximum(images[:500], images[500:])
    said = {v: net.logits(ink.frame(images)).argmax(1) for v, net in classifiers.items()}
    differ = said["residual"] != said["plain"]
    order = torch.cat([(~differ).nonzero()[:15], differ.nonzero()[:5]]).flatten()
    order = order[torch.randperm(20, generator=torch.Generator().manual_seed(0))]
    assert differ[order].sum() == 5

    labels = said["residual"][order].clone()
    plain = differ[order].nonzero().flatten()[3:]
    labels[plain] = said["plain"][order[plain]]
    neither = (~differ[order]).nonzero().flatten()[:3]
    labels[neither] = (labels[neither] + 1) % 10

    folder = own_folder(tmp_path_factory.mktemp("measured"))
    (folder / mnist.FILES["test_images"]).write_bytes(idx_bytes(images[order].numpy()))
    (folder / mnist.FILES["test_labels"]).write_bytes(idx_bytes(labels.numpy()))
    write_sums(folder)
    sha256 = mnist.load(folder).sha256
    abouts: dict[str, checkpoint.About] = {}
    for variant, net in classifiers.items():
        wrong = (said[variant][order] != labels).nonzero().flatten()
        abouts[variant] = {
            **net.about,
            "data_sha256": sha256,
            "test": {"right": 20 - len(wrong), "total": 20},
            "mistakes": {"index": wrong.tolist(), "said": said[variant][order[wrong]].tolist()},
        }
    return Measured(folder, abouts)


def lively_narrow_net(net: narrow.Net) -> ResNet:
    """One in eval mode as if it had been trained."""
    torch.manual_seed(0)
    made = narrow.build(*net)
    enliven(made)
    return made.eval()


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of untrained narrow nets, beside what was fitted to the shipped pair."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for fitted in (readback, nearest):
        for variant in checkpoint.VARIANTS:
            path = fitted.path_of(variant)
            (folder / path.name).symlink_to(path)
    for variant, layers in narrow.NETS:
        net = lively_narrow_net((variant, layers))
        # Logits of any size: as if they had been calibrated.
        size = net(ink.normalise(random_pictures(8))).std().item()
        about = {
            "calibration": asdict(Calibration(size, 1.0, 0.0, 0.0)),
            "test": {"right": 9000 + layers, "total": 10_000},
            "recipe": {"epochs": 5},
            "seeds": 2,
            "mistakes": {"index": [1], "said": [2]},
        }
        path = narrow.path_of(variant, layers, folder / narrow.FOLDER.name)
        narrow.save(path, net, about)
    return folder


@pytest.fixture
def free_port() -> int:
    return find_free_port()


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def address(classifiers: dict[str, Classifier]) -> Iterator[str]:
    """Where the page is served, by this process."""
    import app  # gradio takes seconds to import: only for the tests that need it

    page = app.build(
        classifiers, textbook=textbook.load(), deep=depth.load(), shattered=shattered.load()
    )
    yield app.launch(page, "127.0.0.1", find_free_port())
    page.close()


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    """The bytes of an image file, from an image or an array of grey levels or colours."""

    def encode(pixels: np.ndarray | Image.Image, format: str = "PNG", **options: object) -> bytes:
        buffer = io.BytesIO()
        image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return encode


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "browser" in r.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests in a real browser were SKIPPED: no Chromium was found or could "
            "be fetched. Install Chromium or Chrome to run them.",
            yellow=True,
        )
