"""The page's parts; they show answers and never touch tensors."""

from pathlib import Path


def script(*names: str) -> str:
    """Scripts of this folder, one after the other, as the one that Gradio runs for a component."""
    return "\n".join((Path(__file__).parent / name).read_text() for name in names)
