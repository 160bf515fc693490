"""Nets and drawings that many tests need."""

import io
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict

os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported

import hypothesis  # noqa: F401 - its plugin imports it late, beside the server's threads
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from resnet import checkpoint
from resnet.calibration import Calibration
from resnet.classifier import Classifier
from resnet.model import ResNet18

torch.set_num_threads(1)  # tests of small tensors; threads would only wait for each other


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


# Metadata of a net whose logits are taken as they are, and which answers whatever it is shown.
UNCALIBRATED = {"calibration": asdict(Calibration(1.0, 1.0, 0.0, 0.0))}


@pytest.fixture(params=checkpoint.VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def classifiers() -> dict[str, Classifier]:
    """The nets in checkpoints/, ready to answer."""
    return {variant: Classifier.load(variant) for variant in checkpoint.VARIANTS}


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

    page = app.build(classifiers)
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
