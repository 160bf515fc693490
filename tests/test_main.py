"""python -m resnet."""

import argparse
import contextlib
import gzip
import io
import json
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from resnet import checkpoint, comparison, ink, mnist, nearest, readback, samples
from resnet.__main__ import drawings_of, get_args_parser, main
from resnet.classifier import Classifier
from resnet.several import Drawing
from resnet.stats import wilson_interval
from tests.conftest import Measured, thin
from tests.idx_files import own_folder

ROOT = Path(__file__).parent.parent
Encoder = Callable[..., bytes]


def resnet(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Within this process: each of its own would import torch."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(map(str, arguments)))
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def as_a_process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "resnet", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def lines(result: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def write_strokes(path: Path, drawings: list[Any]) -> Path:
    text = "".join(json.dumps({"strokes": strokes}) + "\n" for strokes in drawings)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def digits(tmp_path: Path, encoded: Encoder) -> list[Path]:
    """A strokes file of 0 to 9 and blank, the same packed, and MNIST's first test digit, a 7."""
    drawings = [*(samples.sample(digit) for digit in range(10)), []]
    image = tmp_path / "seven.png"
    image.write_bytes(encoded(255 - mnist.load().test.images[0].numpy()))
    return [
        write_strokes(tmp_path / "digits.jsonl", drawings),
        write_strokes(tmp_path / "digits.jsonl.gz", drawings),
        image,
    ]


def test_classify_answers_every_drawing_in_order(
    digits: list[Path], classifiers: dict[str, Classifier]
) -> None:
    result = as_a_process("classify", *digits)
    assert result.returncode == 0
    assert result.stderr == ""
    answers = lines(result)
    expected = [*range(10), None]
    for variant in checkpoint.VARIANTS:
        assert [line[variant]["digit"] for line in answers] == [*expected, *expected, 7]
    assert list(answers[0]) == list(checkpoint.VARIANTS)
    assert list(answers[0]["plain"]) == ["digit", "probabilities", "is_digit", "reason"]
    assert answers[10]["plain"] == {
        "digit": None, "probabilities": None, "is_digit": 0.0, "reason": "blank",
    }  # fmt: skip
    picture = ink.from_strokes(samples.sample(4))
    (inside,) = classifiers["plain"].answer(picture[None])
    assert answers[4]["plain"]["probabilities"] == pytest.approx(inside.probabilities, abs=1e-5)


def test_classify_with_one_net(digits: list[Path]) -> None:
    answers = lines(resnet("classify", "--model", "plain", digits[2]))
    assert [list(line) for line in answers] == [["plain"]]


def test_what_cannot_be_read_keeps_its_line_and_says_why(
    tmp_path: Path, digits: list[Path]
) -> None:
    bad = tmp_path / "bad.jsonl"
    seven = json.dumps({"strokes": samples.sample(7)})
    bad.write_text(
        f'{seven}\n\nnot json\n{{"points": []}}\n[1]\n{{"strokes": [[[1, "a"]]]}}\n{seven}\n'
    )
    text = tmp_path / "text.png"
    text.write_text("no image")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(digits[1].read_bytes()[:100])
    result = resnet("classify", bad, text, tmp_path / "missing.png", cut, digits[2])
    answers = lines(result)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    read = [line["residual"]["digit"] for line in answers]
    assert read[:8] == [7, None, None, None, None, 7, None, None]
    assert read[-1] == 7
    assert all(line["plain"]["reason"] for line in answers if line["plain"]["digit"] is None)
    places = [line.split(": ")[0] for line in result.stderr.splitlines()]
    assert places[:4] == [f"{bad}:{number}" for number in (3, 4, 5, 6)]
    assert places[4:6] == [str(text), str(tmp_path / "missing.png")]
    assert places[-1].startswith(str(cut))


def drawings(result: subprocess.CompletedProcess[str]) -> list[int | None]:
    return [line["plain"]["digit"] for line in lines(result)]


def test_a_byte_that_is_not_utf_8_costs_its_line_only(tmp_path: Path) -> None:
    file = write_strokes(tmp_path / "bytes.jsonl", [samples.sample(digit) for digit in (3, 4, 5)])
    first, second, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second.replace(b"strokes", b"strok\xffs") + third)
    packed = tmp_path / "bytes.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    result = resnet("classify", "--model", "plain", file, packed)
    assert result.returncode == 1
    assert drawings(result) == [3, None, 5] * 2
    assert result.stderr.splitlines() == [
        f'{name}:2: not a line of JSON with "strokes"' for name in (file, packed)
    ]


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    seven = json.dumps({"strokes": samples.sample(7)}).encode()
    file = tmp_path / "long.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as lines:
        lines.write(seven + b"\n")
        for blank in (b"[", b" "):  # the second would pass for an empty line
            for _ in range(300):
                lines.write(blank * 2**20)
            lines.write(b"\n")
        lines.write(seven)
    tracemalloc.start()
    found = list(drawings_of(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6
    assert found[1:3] == [f"{file}:{n}: the line is longer than 2 MB" for n in (2, 3)]
    for drawing in (found[0], found[3]):
        assert isinstance(drawing, Drawing)
        assert torch.equal(drawing.whole, ink.from_strokes(samples.sample(7)))
    assert len(found) == 4


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    for name in ("drawings", "drawings.jsonl", "drawings.png"):
        folder = tmp_path / name
        folder.mkdir()
        (sentence,) = drawings_of(folder)
        assert str(sentence).startswith(f"{folder}: ")
        assert "folder, not a file" in str(sentence)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("count", [1, 300])  # less than a buffer of lines, and more
def test_lines_that_cannot_be_written_are_one_sentence(tmp_path: Path, count: int) -> None:
    file = write_strokes(tmp_path / "blank.jsonl", [[]] * count)
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "resnet", "classify", file],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr == "The output: No space left on device\n"


def test_a_number_of_seeds_below_0_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for command, fewest in (("lesion", 0), ("textbook", 1), ("depth", 1)):
        parse = get_args_parser().parse_args
        assert parse([command, "--seeds", str(fewest)]).seeds == fewest
        with pytest.raises(SystemExit):
            parse([command, "--seeds", str(fewest - 1)])
        assert f"{fewest - 1} is less than {fewest}" in capsys.readouterr().err


def test_a_missing_checkpoint_is_one_line(tmp_path: Path, digits: list[Path]) -> None:
    for run, *command in (
        (as_a_process, "classify", digits[2]),
        (resnet, "evaluate"),
        (resnet, "mistakes"),
        (resnet, "readback"),
        (resnet, "nearest"),
    ):
        result = run(*command, "--checkpoints", tmp_path)
        assert result.returncode != 0
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "residual.safetensors: not found; restore it" in result.stderr


def test_summary_names_both_counts() -> None:
    result = resnet("summary")
    assert result.returncode == 0
    for text in ("11,175,370", "11,001,546", "35,410,944", "1 stem", "6 head", "512 x 1 x 1"):
        assert text in result.stdout


def test_summary_shows_the_layers_and_why_the_textbook_counts_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = get_args_parser().parse_args(["summary", "--layers"])
    assert args.run(args) == 0
    printed = capsys.readouterr().out
    for text in ("layer4.0.downsample.0", "Conv2d 1x1/2", "131,072", "11,180,170", "35,529,728"):
        assert text in printed


def test_evaluate_reads_the_test_set_of_a_folder(tmp_path: Path) -> None:
    result = resnet("evaluate", "--model", "plain", "--data", own_folder(tmp_path, images=60))
    assert result.returncode == 0
    classifier = Classifier.load("plain")
    test = mnist.load(tmp_path).test
    right = int((classifier.logits(ink.frame(test.images)).argmax(1) == test.labels).sum())
    assert f"| {right}/60 " in result.stdout


def test_readback_stores_what_it_fits_beside_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variant in checkpoint.VARIANTS:
        shutil.copy(checkpoint.path_of(variant), tmp_path)
    monkeypatch.setattr(readback, "trace", thin)
    arguments = ["readback", "--data", own_folder(tmp_path, 60), "--checkpoints", tmp_path]
    args = get_args_parser().parse_args(map(str, arguments))
    assert args.run(args) == 0
    header, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in capsys.readouterr().out.splitlines()
    )
    assert header[0] == "place"
    assert header[1::3] == ["residual: R2", "plain: R2"]
    assert [row[0] for row in rows] == list(readback.PLACES)
    for number, variant in enumerate(checkpoint.VARIANTS):
        classifier = Classifier.load(variant, tmp_path)
        assert classifier.readback is not None
        for row, found in zip(rows, classifier.readback.scores, strict=True):
            low, high = wilson_interval(found.right, 60)
            share = found.right / 60
            expected = [f"{found.r2:.3f}", f"{share:.2%}", f"{low:.2%} - {high:.2%}"]
            assert row[1 + 3 * number :][:3] == expected


def test_nearest_stores_what_it_codes_beside_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variant in checkpoint.VARIANTS:
        shutil.copy(checkpoint.path_of(variant), tmp_path)
    monkeypatch.setattr(readback, "trace", thin)
    result = resnet("nearest", "--data", own_folder(tmp_path, 60), "--checkpoints", tmp_path)
    assert result.returncode == 0, result.stderr
    header, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in result.stdout.splitlines()
    )
    assert header[1::2] == ["residual: nearest", "plain: nearest"]
    assert [row[0] for row in rows] == list(readback.PLACES)
    for number, variant in enumerate(checkpoint.VARIANTS):
        found = Classifier.load(variant, tmp_path).nearest
        assert found is not None
        for row, score in zip(rows, found.scores, strict=True):
            low, high = wilson_interval(score["right"], 5)
            expected = [f"{score['right'] / 5:.2%}", f"{low:.2%} - {high:.2%}"]
            assert row[1 + 2 * number :][:2] == expected
        assert found.digits.max() < 55
        assert list(nearest.pictures([found], tmp_path)) == found.digits.tolist()


def test_mistakes_lists_what_only_one_net_reads(tmp_path: Path, measured: Measured) -> None:
    for variant, about in measured.abouts.items():
        tensors, _ = checkpoint.read(checkpoint.path_of(variant))
        checkpoint.write(checkpoint.path_of(variant, tmp_path), tensors, about)
    result = resnet("mistakes", "--checkpoints", tmp_path, "--data", measured.data)
    assert result.returncode == 0, result.stderr
    found = comparison.compare(measured.abouts)
    labels = mnist.load(measured.data).test.labels.tolist()
    tables = [
        [[cell.strip() for cell in row.split("|")[1:-1]] for row in block.splitlines()]
        for block in result.stdout.split("\n\n")
        if block.startswith("|")
    ]
    counts, scores, *cases = ([table[0], *table[2:]] for table in tables)
    assert counts == [
        ["test digits", "plain right", "plain wrong"],
        ["residual right", "12", "3"],
        ["residual wrong", "2", "3"],
    ]
    assert [row[:3] for row in scores[1:]] == [
        ["residual", "15/20", "75.00%"],
        ["plain", "14/20", "70.00%"],
    ]
    assert comparison.finding(found) in result.stdout
    assert [[row[:2] for row in table[1:]] for table in cases] == [
        [[str(case.index), str(labels[case.index])] for case in found.only(variant)]
        for variant in checkpoint.VARIANTS
    ]
    for table, (right, wrong) in zip(cases, [(2, 3), (3, 2)], strict=True):
        for row in table[1:]:
            assert row[right] == row[1] != row[wrong]

    other = resnet("mistakes", "--checkpoints", tmp_path)
    assert other.returncode == 1
    assert other.stderr == f"{mnist.FOLDER}: not the data that the nets were measured on\n"


def test_mistakes_of_checkpoints_that_list_none_are_one_sentence(tmp_path: Path) -> None:
    for variant in checkpoint.VARIANTS:
        tensors, about = checkpoint.read(checkpoint.path_of(variant))
        rest = {key: value for key, value in about.items() if key != "mistakes"}
        checkpoint.write(checkpoint.path_of(variant, tmp_path), tensors, rest)
    result = resnet("mistakes", "--checkpoints", tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "does not say which digits it misreads" in result.stderr


@pytest.mark.parametrize("count", [1, 300])
def test_batches_do_not_change_the_order(tmp_path: Path, count: int) -> None:
    generator = np.random.default_rng(0)
    order = generator.integers(0, 10, count).tolist()
    file = write_strokes(tmp_path / "many.jsonl", [samples.sample(digit) for digit in order])
    answers = lines(resnet("classify", "--model", "residual", file))
    assert [line["residual"]["digit"] for line in answers] == order


def test_reading_many_is_reading_each(tmp_path: Path, classifiers: dict[str, Classifier]) -> None:
    file = write_strokes(tmp_path / "two.jsonl", [samples.sample(2), samples.sample(5)])
    answers = lines(resnet("classify", file))
    pictures = torch.stack([ink.from_strokes(samples.sample(digit)) for digit in (2, 5)])
    for variant, classifier in classifiers.items():
        for line, answer in zip(answers, classifier.answer(pictures), strict=True):
            assert line[variant]["is_digit"] == pytest.approx(answer.is_digit, abs=1e-5)


def test_the_help_of_every_command_says_what_it_takes_and_writes() -> None:
    (commands,) = (
        action
        for action in get_args_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    for name, command in commands.choices.items():
        said = command.description
        assert said, name
        assert any(unit in said for unit in ("second", "minute", "hour")), name
        assert any(word in said for word in ("writes no file", "written to", "write them")), name
