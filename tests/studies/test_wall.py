"""The wall between the nets and the studies of them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("modules", ["resnet.classifier, resnet.training", "train"])
def test_answering_and_training_import_no_study(modules: str) -> None:
    """Nor what only plots, proofs and tests need: each takes a second or more."""
    code = f"import sys, {modules}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = result.stdout.split()
    assert "resnet.training" in loaded
    slow = ("resnet.studies", "gradio", "matplotlib", "torchvision", "scipy.stats")
    assert [name for name in loaded if name.startswith(slow)] == []
