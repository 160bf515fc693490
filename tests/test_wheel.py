"""The wheel: built, installed in a folder of its own, and served from there, it reads a seven."""

import os
import re
import signal
import subprocess
import sys
from email.parser import HeaderParser
from pathlib import Path

import pytest

from resnet import checkpoint, samples
from tests.server import ROOT, Api


def run(*command: str | Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel is installed in. What it depends on is found where we find it."""
    folder = tmp_path_factory.mktemp("wheel")
    run("hatchling", "build", "--target", "wheel", "--directory", folder)
    (wheel,) = folder.glob("*.whl")
    run("pip", "install", "--no-deps", "--no-compile", "--target", folder / "site", wheel)
    return folder / "site"


def test_it_asks_for_what_requirements_txt_asks_for(installed: Path) -> None:
    (about,) = installed.glob("*.dist-info/METADATA")
    asked = HeaderParser().parsestr(about.read_text()).get_all("Requires-Dist")
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert sorted(asked or []) == sorted(normal(line) for line in lines)


def normal(line: str) -> str:
    """A line of requirements.txt as metadata have it: bounds in order, no comment."""
    name, bounds = re.match(r"([\w-]+)([^ #]*)", line).groups()  # type: ignore[union-attr]
    return name + ",".join(sorted(bounds.split(",")))


def test_it_holds_what_the_repository_holds(installed: Path) -> None:
    """And no more: nothing that Python, Gradio or a training left there."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    folders = ("resnet", "ui", "checkpoints", "data", "results", "locale")
    expected = {path for path in listed if path.startswith(tuple(f"{f}/" for f in folders))}
    package = installed / "shortcuts"
    found = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert found == expected | {"__init__.py", "app.py", "train.py", "docs/page.png"}


def modules() -> set[str]:
    """The modules of requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = {re.match(r"[\w-]+", line)[0] for line in lines}  # type: ignore[index]
    return {{"pillow": "PIL"}.get(name, name.replace("-", "_")) for name in names}


def named_in_the_docs() -> list[str]:
    """What docs/taking-it-home.md says is imported when the page starts."""
    text = (ROOT / "docs" / "taking-it-home.md").read_text()
    return re.findall(r"^\| `([\w.]+)` +\|", text, re.MULTILINE)


def test_served_from_there_it_reads_a_seven(
    installed: Path, tmp_path: Path, free_port: int
) -> None:
    errors = tmp_path / "stderr"
    command = [str(installed / "bin" / "shortcuts"), "--port", str(free_port)]
    env = {**os.environ, "PYTHONPATH": str(installed), "PYTHONPROFILEIMPORTTIME": "1"}
    with (
        errors.open("w") as file,
        subprocess.Popen(
            command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=file, text=True
        ) as page,
    ):
        try:
            assert page.stdout is not None
            assert "Draw at http" in page.stdout.readline(), errors.read_text()
            lines = [line for line in errors.read_text().splitlines() if line]
            api = Api(f"http://127.0.0.1:{free_port}")
            name, (answers,) = api.call("predict_strokes", samples.sample(7))
            api.http.close()
            page.send_signal(signal.SIGTERM)
            assert page.wait(60) == 0
        finally:
            page.kill()
    assert name == "complete"
    assert [answers[variant]["digit"] for variant in checkpoint.VARIANTS] == [7, 7]
    assert [line for line in lines if not line.startswith("import time:")] == []
    imported = {line.split("|")[-1].strip() for line in lines}
    assert sorted(imported & modules()) == sorted(named_in_the_docs())
