"""The notebook shows what is stored in it."""

import base64
import io
import re

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.notebook import FILE, executed

NUMBER = re.compile(r"\d+")


def shown(notebook: nbformat.NotebookNode) -> tuple[list[str], list[np.ndarray]]:
    """The printed text of all cells, and their pictures as (height, width, 3) arrays."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.text for output in outputs if output.output_type == "stream"]
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
        for output in outputs
        if "image/png" in output.get("data", {})
    ]
    return texts, [np.asarray(picture, float) for picture in pictures]


def test_it_runs_and_shows_what_is_stored() -> None:
    """After a change: make notebook"""
    stored, now = shown(nbformat.read(FILE, as_version=4)), shown(executed())
    # Another processor rounds differently in the last digits.
    for theirs, ours in zip(stored[0], now[0], strict=True):
        assert NUMBER.sub("", ours) == NUMBER.sub("", theirs)
        numbers = [[*map(int, NUMBER.findall(text))] for text in (ours, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], abs=1)
    assert len(now[1]) == 4
    for theirs_drawn, ours_drawn in zip(stored[1], now[1], strict=True):
        assert ours_drawn.shape == theirs_drawn.shape
        assert np.abs(ours_drawn - theirs_drawn).mean() < 2
