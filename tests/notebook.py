"""The notebook of docs/, run as a reader runs it. python -m tests.notebook stores what it shows."""

import nbformat
from nbclient import NotebookClient

from tests.server import ROOT

FILE = ROOT / "docs" / "shortcuts.ipynb"


def executed() -> nbformat.NotebookNode:
    """The notebook with what it shows now."""
    notebook = nbformat.read(FILE, as_version=4)
    where = {"metadata": {"path": FILE.parent}}
    NotebookClient(
        notebook, timeout=120, resources=where, record_timing=False, coalesce_streams=True
    ).execute()
    return notebook


def main() -> None:
    notebook = executed()
    del notebook.metadata.language_info["version"]  # of this machine's Python
    nbformat.write(notebook, FILE)


if __name__ == "__main__":
    main()
