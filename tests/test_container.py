"""The Dockerfile and the Space, as far as they can be read: no image is built here."""

import re

from huggingface_hub import SpaceCard

import app
from tests.server import ROOT

STEPS = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
DOCS = (ROOT / "docs" / "taking-it-home.md").read_text()


def steps(kind: str) -> list[str]:
    return [step for name, step in STEPS if name == kind]


def test_the_page_takes_the_flags_it_is_started_with() -> None:
    """In a Space it lets itself be framed; the health check asks where it listens."""
    (command,) = steps("CMD")
    for is_space in (False, True):
        script = command.partition("python app.py")[2].removesuffix('"]')
        flags = script.replace("${SPACE_ID:+--embed}", "--embed" if is_space else "").split()
        args = app.get_args_parser().parse_args(flags)
        assert args.host == "0.0.0.0"
        assert args.embed == is_space
    (check,) = steps("HEALTHCHECK")
    assert f"http://127.0.0.1:{args.port}/health" in check
    assert steps("EXPOSE") == [str(args.port)]
    (front,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    space = SpaceCard(f"---\n{front}---\n").data.to_dict()
    assert (space["sdk"], space["app_port"]) == ("docker", args.port)


def test_nobody_runs_it_as_root() -> None:
    names = [name for name, _ in STEPS]
    assert steps("USER") == ["visitor"]
    assert "RUN" not in names[names.index("USER") :]


def test_what_it_copies_is_let_in() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert [name for name in let_in if not (ROOT / name).exists()] == []
    copied = {file for step in steps("COPY") for file in step.split()[:-1]} - {"."}
    assert copied <= let_in
    # What a wheel of the page holds, a container needs as well.
    wheel = re.search(r"only-include = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.S)
    assert wheel is not None
    assert set(re.findall(r'"(.*?)"', wheel[1])) <= let_in
