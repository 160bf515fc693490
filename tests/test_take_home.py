"""docs/taking-it-home.md: its code runs, where its commands have been given."""

import re
import sys
from pathlib import Path

import pytest

from resnet.__main__ import main
from tests.server import ROOT


def test_its_code_reads_a_seven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])  # torch.hub adds the folder
    monkeypatch.chdir(tmp_path)
    for name in ("docs", "hubconf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert main(["export", "onnx"]) == 0
    assert sorted(path.name for path in Path("onnx").iterdir()) == ["plain.onnx", "residual.onnx"]
    assert "| onnx/plain.onnx " in capsys.readouterr().out
    blocks = re.findall(r"```python\n(.*?)```", Path("docs/taking-it-home.md").read_text(), re.S)
    for block in blocks:
        exec(block, {})
    assert capsys.readouterr().out == "7\n7 (1, 64, 8, 8)\n"
