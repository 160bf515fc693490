"""Gradio writes no type stub beside the sources of the page's parts."""

import importlib
import sys
from pathlib import Path

import pytest

import ui  # noqa: F401 - it leaves them out

PART = """
import gradio as gr


class Part(gr.HTML):
    pass
"""


def test_a_part_of_the_page_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "some_part.py"
    source.write_text(PART)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "some_part", raising=False)
    importlib.import_module("some_part")
    assert not source.with_suffix(".pyi").exists()
