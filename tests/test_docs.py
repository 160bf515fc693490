"""README.md and docs/ are true: their commands run, print what is shown, and their files exist."""

import importlib
import json
import pkgutil
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import train
from resnet import checkpoint
from resnet.__main__ import get_args_parser, main
from resnet.studies.runs import on_many_cores

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCS = {path: path.read_text() for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]}


def examples() -> list[tuple[str, str]]:
    """(command, the output shown below it) of every console block."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", "\n".join(DOCS.values()), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


COMMANDS = dict.fromkeys(command for command, _ in examples())
SHOWN = {command: output for command, output in examples() if output}


def run(*command: str) -> str:
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


# --- commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", SHOWN)
def test_commands_print_what_is_shown(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *arguments = shlex.split(command.removeprefix("python -m "))
    monkeypatch.chdir(ROOT)
    assert (name, main(arguments)) == ("resnet", 0)  # as python -m does it, without a new process
    printed = capsys.readouterr().out.strip()
    shown = SHOWN[command]
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


def test_a_command_shows_one_output_everywhere() -> None:
    assert {(command, output) for command, output in examples() if output} == set(SHOWN.items())


def test_every_kind_of_command_is_known() -> None:
    """A command of a new kind needs a test of its own."""
    known = (
        r"make (app|site|test|results.*|wheel|notebook|licences|outdated|lock)"
        r"|docker (build|run) .*|hf upload .*|uvx .* shortcuts"  # see test_container, test_wheel
        r"|python -m http\.server --directory site"
        r"|python -m resnet .*|(python|torchrun --nproc-per-node 2) train\.py.*"
        r"|(\.venv/bin/)?python app\.py.*"
        r"|python -m bench\.\w+( digits\.jsonl\.gz)?( --.*)?|python3 -m venv \.venv"
        r"|(\.venv/bin/)?(python -m pip|uv pip) install.*|python -m distributed\.cli\.\w+.*"
    )
    assert [command for command in COMMANDS if not re.fullmatch(known, command)] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_targets_exist(command: str) -> None:
    assert run(*shlex.split(command), "--dry-run")


def test_train_flags_are_real() -> None:
    commands = [c for c in COMMANDS if "train.py" in c]
    assert len(commands) == 4
    usual = train.get_args_parser().parse_args([]).epochs
    for command in commands:
        flags = shlex.split(command.partition("train.py")[2])
        args = train.get_args_parser().parse_args(flags)
        assert args.epochs == usual  # where they name it, it is the recipe's


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if "app.py" in c or c.startswith("python -m bench")]
)
def test_servers_and_benches_take_these_flags(command: str) -> None:
    found = re.fullmatch(r"\S*python (?:-m (bench\.\w+)|(app)\.py)(.*)", command)
    assert found is not None
    bench, app, flags = found.groups()
    parser = importlib.import_module(bench or app).get_args_parser()
    with pytest.raises(SystemExit, match=r"^0$"):  # a file that it needs is not named there
        parser.parse_args([*shlex.split(flags), "--help"])


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith("python -m resnet") and c not in SHOWN]
)
def test_commands_too_long_to_run_take_these_flags(command: str) -> None:
    get_args_parser().parse_args(shlex.split(command)[3:])


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_commands_within_a_sentence_exist(path: Path) -> None:
    for command in re.findall(r"`(python -m resnet [^`]+)`", DOCS[path]):
        get_args_parser().parse_args(shlex.split(command)[3:])
    for bench in re.findall(r"`python -m bench\.(\w+)", DOCS[path]):
        assert (ROOT / "bench" / f"{bench}.py").is_file()


def test_every_command_and_every_bench_is_told_of() -> None:
    told = set(re.findall(r"python -m (resnet \w+|bench\.\w+)", "\n".join(DOCS.values())))
    commands = re.findall(r"^    (\w+) ", get_args_parser().format_help(), re.MULTILINE)
    assert len(commands) >= 9
    assert {f"resnet {command}" for command in commands} <= told
    benches = [path for path in ROOT.glob("bench/*.py") if "__main__" in path.read_text()]
    assert {f"bench.{path.stem}" for path in benches} <= told


def test_requirements_named_in_the_readme_exist() -> None:
    files = set(re.findall(r"-r (\S+)", README))
    assert files
    assert all((ROOT / file).is_file() for file in files)


# --- links -------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchor of a heading, as links write it after their #."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", DOCS[path]):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_the_readme_is_short_and_leads_to_all_the_rest() -> None:
    assert len(README.splitlines()) <= 200
    links = set(re.findall(r"\]\(([^)#]+)\)", README))
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} <= links
    assert "docs/page.png" in links


# --- figures -----------------------------------------------------------------------------------


def results() -> list[list[str]]:
    """The cells of the README's table of results, row by row: what, residual, plain, command."""
    _, section = README.split("\n## Results\n")
    rows = re.findall(r"^\|(.*)\|$", section.partition("\n## ")[0], re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows[2:]]


@pytest.mark.parametrize("row", results(), ids=lambda row: row[0])
def test_results_are_those_of_the_tables_they_lead_to(row: list[str]) -> None:
    match = re.fullmatch(r"\[`(.*)`\]\((.*)#(.*)\)", row[-1])
    assert match is not None
    command, file, anchor = match.groups()
    sections = re.split(r"^(?=#+ )", DOCS[ROOT / file], flags=re.MULTILINE)
    (section,) = (text for text in sections if anchor in anchors(text))
    # The bench of people's ink is named once for all of its tables.
    assert command in (DOCS[ROOT / file] if command == "python -m bench.ink" else section)
    figures = re.findall(r"\d[\d./]*%?", " ".join(row[1:-1]))
    assert figures
    assert set(figures) <= set(re.findall(r"\d[\d./]*%?", section))


@pytest.mark.parametrize("name", ["results.md", "science.md", "performance.md"])
def test_figures_of_the_finding_stand_in_the_tables(name: str) -> None:
    _, finding, *rest = DOCS[ROOT / "docs" / name].split("\n\n")
    tables = re.findall(r"^\|.*$", "\n".join(rest), re.MULTILINE)
    figures = set(re.findall(r"\d+\.\d+", finding))
    assert figures
    assert figures <= set(re.findall(r"\d+\.\d+", "\n".join(tables)))


@pytest.mark.parametrize("variant", checkpoint.VARIANTS)
def test_scores_are_those_of_the_checkpoints(variant: str) -> None:
    _, about = checkpoint.load(checkpoint.path_of(variant), variant)
    row = re.search(rf"^\| {variant} .*$", DOCS[ROOT / "docs" / "results.md"], re.MULTILINE)
    assert row is not None
    for text in (f"{about['test']['right']}/10000", f"{about['test']['right'] / 100:.2f}%"):
        assert text in row.group()
        assert text in results()[0][1 + checkpoint.VARIANTS.index(variant)]


def test_the_readme_compares_the_nets_by_mcnemars_test() -> None:
    """With the figures of `python -m resnet mistakes`; overlapping intervals are no test."""
    quoted = re.search(
        r"(\d+) digits are read only with shortcuts,\s(\d+) only without\s"
        r"\(McNemar's exact p = ([\d.]+),",
        README,
    )
    assert quoted is not None
    finding = "{1} that only the plain net reads, {0} that only the residual one reads"
    finding += " (McNemar exact p = {2})"
    assert finding.format(*quoted.groups()) in SHOWN["python -m resnet mistakes"]


def test_what_many_cores_would_take_is_computed_from_the_stored_runs() -> None:
    said = re.sub(r"\s+", " ", DOCS[ROOT / "docs" / "science.md"])
    files = re.search(r"Those stored in (.*?) took ([\d.]+) minutes.*?take ([\d.]+),", said)
    assert files is not None
    tables = [json.loads((ROOT / "results" / name).read_text()) for name in
              re.findall(r"\w+\.json", files[1])]  # fmt: skip
    assert len(tables) >= 3
    computed = on_many_cores([run for table in tables for run in table["runs"]])
    assert re.findall(r"([\d,.]+) minutes", computed) == [files[2], files[3]]


# --- the house ---------------------------------------------------------------------------------


def layout() -> set[str]:
    """Every path of the README's layout: a line names one or some, split by commas."""
    (lines,) = re.findall(r"## Layout\n\n```\n(.*?)```", README, re.DOTALL)
    folders: dict[int, str] = {}
    named = set()
    for line in lines.splitlines():
        match = re.match(r"( *)([\w.-]+/?(?:, [\w.-]+/?)*)", line)
        assert match is not None
        indent, names = len(match[1]), match[2].split(", ")
        folder = folders.get(indent - 2, "")
        folders[indent] = folder + names[0]
        named |= {folder + name for name in names}
    return named


def test_the_layout_is_that_of_the_tree() -> None:
    named = layout()
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    modules = {
        str(path.relative_to(ROOT))
        for folder in ("resnet", "resnet/studies")
        for path in (ROOT / folder).glob("*.py")
        if path.name != "__init__.py"
    }
    assert sorted(modules - named) == []
    listed = {name.rstrip("/") for name in named}
    tracked = {path.partition("/")[0] for path in run("git", "ls-files").splitlines()}
    assert {name for name in tracked if name[0] != "."} - listed == {"README.md", "LICENSE"}


# --- the textbook's checklist ------------------------------------------------------------------


def named_places() -> list[str]:
    return re.findall(r"`(resnet(?:\.\w+)+)`", "\n".join(DOCS.values()))


@pytest.mark.parametrize("place", sorted(set(named_places())))
def test_every_place_that_the_docs_name_exists(place: str) -> None:
    assert pkgutil.resolve_name(place) is not None


def test_the_checklist_has_every_flaw() -> None:
    """Seven, a to g."""
    _, flaws = DOCS[ROOT / "docs" / "textbook.md"].split("## Its flaws")
    assert len(re.findall(r"^\| (?!The book)", flaws, re.MULTILINE)) == 7
