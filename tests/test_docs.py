"""The README is true: its commands run, print what it shows, and its files exist."""

import json
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import train
from resnet import checkpoint
from resnet.__main__ import get_args_parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def examples() -> list[tuple[str, str]]:
    """(command, what the README shows below it) of every console block."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


COMMANDS = dict(examples())


def run(*command: str) -> str:
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def with_this_python(command: str) -> list[str]:
    name, *rest = shlex.split(command)
    assert name in ("python", ".venv/bin/python")
    return [sys.executable, *rest]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python -m resnet")])
def test_commands_print_what_the_readme_shows(command: str) -> None:
    printed = run(*with_this_python(command))
    shown = COMMANDS[command]
    if not shown.startswith("{"):
        assert [line.rstrip() for line in printed.splitlines()] == [
            line.rstrip() for line in shown.splitlines()
        ]
        return
    (ours,), (theirs,) = (list(json.loads(text).values()) for text in (printed, shown))
    # Another processor rounds differently in the last digits.
    assert ours.pop("probabilities") == pytest.approx(theirs.pop("probabilities"), abs=1e-3)
    assert ours.pop("is_digit") == pytest.approx(theirs.pop("is_digit"), abs=1e-3)
    assert ours == theirs


def test_every_kind_of_command_is_known() -> None:
    """A command of a new kind needs a test of its own."""
    known = (
        r"make (app|test|results.*)|rm results/\*\.json|python -m resnet .*|python train\.py.*"
        r"|(\.venv/bin/)?python app\.py.*|python -m bench\.\w+|python3 -m venv \.venv"
        r"|\.venv/bin/(python -m pip|uv pip) install.*"
    )
    assert [command for command in COMMANDS if not re.fullmatch(known, command)] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_targets_exist(command: str) -> None:
    assert run(*shlex.split(command), "--dry-run")


def test_train_flags_are_real() -> None:
    commands = [c for c in COMMANDS if "train.py" in c]
    assert len(commands) == 3
    for command in commands:
        train.get_args_parser().parse_args(shlex.split(command)[2:])
    assert "nothing was kept" in run(*with_this_python("python train.py --dry-run"))


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if "app.py" in c or c.startswith("python -m bench")]
)
def test_servers_and_benches_take_these_flags(command: str) -> None:
    assert "usage" in run(*with_this_python(command), "--help")


def test_requirements_named_in_the_readme_exist() -> None:
    files = set(re.findall(r"-r (\S+)", README))
    assert files
    assert all((ROOT / file).is_file() for file in files)


def test_links_and_pictures_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert "docs/page.png" in links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_layout_is_that_of_the_tree() -> None:
    (layout,) = re.findall(r"## Layout\n\n```\n(.*?)```", README, re.DOTALL)
    folder = ""
    named = set()
    for line in layout.splitlines():
        name = line.split()[0]
        if name.endswith("/"):
            folder = name
        named.add((folder if line.startswith(" ") else "") + name)
        assert (ROOT / ((folder if line.startswith(" ") else "") + name)).exists()
    modules = {path for path in (ROOT / "resnet").rglob("*.py") if path.name != "__init__.py"}
    assert {str(path.relative_to(ROOT)) for path in modules} <= named


@pytest.mark.parametrize("variant", checkpoint.VARIANTS)
def test_scores_are_those_of_the_checkpoints(variant: str) -> None:
    _, about = checkpoint.load(checkpoint.path_of(variant), variant)
    row = re.search(rf"^\| {variant} .*$", README, re.MULTILINE)
    assert row is not None
    for text in (f"{about['test']['right']}/10000", f"{about['test']['right'] / 100:.2f}%"):
        assert text in row.group()


def named_places() -> list[str]:
    return re.findall(r"`(resnet(?:\.\w+)+)`", (ROOT / "docs" / "textbook.md").read_text())


@pytest.mark.parametrize("place", sorted(set(named_places())))
def test_every_place_that_the_checklist_names_exists(place: str) -> None:
    assert pkgutil.resolve_name(place) is not None


def test_the_checklist_has_every_flaw() -> None:
    """Seven, a to g; and its commands are real."""
    text = (ROOT / "docs" / "textbook.md").read_text()
    _, flaws = text.split("## Its flaws")
    assert len(re.findall(r"^\| (?!The book)", flaws, re.MULTILINE)) == 7
    known = get_args_parser().format_help()
    for command in re.findall(r"`python -m resnet (\w+)", text):
        assert command in known
