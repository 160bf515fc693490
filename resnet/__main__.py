"""The command line: read drawings, measure the trained nets, and study what shortcuts do."""

import argparse
import gzip
import io
import itertools
import json
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tabulate import tabulate

from resnet import (
    checkpoint,
    comparison,
    flags,
    ink,
    mnist,
    nearest,
    readback,
    readings,
    several,
    training,
)
from resnet.classifier import Answer, Classifier
from resnet.model import fastest_device, placed
from resnet.several import Drawing
from resnet.stats import wilson_interval
from resnet.studies.commands import add_study_commands
from resnet.studies.proof import counts_of_the_book
from resnet.studies.runs import StudyError
from resnet.summary import as_table, layer_table
from resnet.take_home import add_take_home_commands


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resnet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "classify",
        help="read drawings: one JSON line each",
        description="Read drawings with the trained nets and print one line of JSON for each, in "
        "order: the digit, the ten probabilities, and how surely it is a digit; of a number its "
        "digits, too. A drawing that cannot be read gets a sentence on stderr as well, and the "
        "exit code 1. Hundreds of drawings a second; writes no file.",
    )
    command.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help='PNG, JPEG, WEBP; or .jsonl, .jsonl.gz with {"strokes": [[[x, y], ...], ...]} a line',
    )
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.set_defaults(run=classify)

    command = commands.add_parser(
        "evaluate",
        help="recompute the accuracy on MNIST's test set",
        description="Read MNIST's 10,000 test digits with the trained nets and print how many are "
        "right, beside what the checkpoints say. Takes seconds; the score of weights without one "
        "yet is written to results/test_readings.jsonl.",
    )
    flags.add_data(command)
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.set_defaults(run=evaluate)

    command = commands.add_parser(
        "mistakes",
        help="the test digits that only one net reads right",
        description="Compare both nets on MNIST's test digits, with McNemar's test, and list "
        "those that only one of them reads right, as the checkpoints tell. Takes seconds; writes "
        "no file.",
    )
    flags.add_data(command)
    flags.add_checkpoints(command)
    command.set_defaults(run=mistakes)

    add_study_commands(commands)

    command = commands.add_parser(
        "readback",
        help="fit what reads picture and digit back from inside the nets (minutes)",
        description="Fit linear maps that read the picture and the digit back from each place "
        "inside the trained nets, print how well they do on the test digits, and write them beside "
        "the checkpoints, where the page finds them. Takes minutes.",
    )
    flags.add_data(command)
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.set_defaults(run=read_back)

    command = commands.add_parser(
        "nearest",
        help="code the training digits that drawings look like inside the nets (minutes)",
        description="Code some of MNIST's training digits as they are at each place inside the "
        "trained nets, print how often the label of the nearest is that of a validation digit, and "
        "write them beside the checkpoints, where the page finds them. Takes minutes.",
    )
    flags.add_data(command)
    flags.add_variants(command, "--model")
    flags.add_checkpoints(command)
    command.set_defaults(run=find_nearest)

    command = commands.add_parser(
        "summary",
        help="both nets module by module",
        description="Print the shapes, parameters and multiply-adds of both nets, module by "
        "module. Takes a second; writes no file.",
    )
    command.add_argument(
        "--layers",
        action="store_true",
        help="the residual net layer by layer, and why the textbook counts more",
    )
    command.set_defaults(run=summary)

    add_take_home_commands(commands)
    return parser


# --- classify --------------------------------------------------------------------------------

# Bytes of a line of strokes: twice what ink.MAX_POINTS points take with all their decimals. A few
# MB of gzip unpack to many GB, which must not all be held at once.
LONGEST_LINE = 2 * 1024**2


def classify(args: argparse.Namespace) -> int:
    classifiers = {
        variant: Classifier.load(variant, args.checkpoints)
        for variant in flags.variants(args.model)
    }
    refused = False
    drawings = itertools.chain.from_iterable(drawings_of(file) for file in args.files)
    while batch := list(itertools.islice(drawings, 256)):
        readable = [drawing for drawing in batch if isinstance(drawing, Drawing)]
        answers = {variant: iter(net.read(readable)) for variant, net in classifiers.items()}
        for drawing in batch:
            if isinstance(drawing, str):
                refused = True
                print(drawing, file=sys.stderr)
                line = {variant: Answer(None, None, 0.0, drawing) for variant in classifiers}
            else:
                line = {variant: next(answer) for variant, answer in answers.items()}
            print(json.dumps({variant: answer.as_json() for variant, answer in line.items()}))
    return 1 if refused else 0


def drawings_of(file: Path) -> Iterator[Drawing | str]:
    """The drawings of a file, in order; for one that cannot be read, a sentence that says why."""
    if not file.name.endswith((".jsonl", ".jsonl.gz")):
        try:
            yield Drawing.of(ink.from_image(file))
        except ink.InkError as error:
            yield f"{file}: {error}"
        return
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as raw:
            for number, line in enumerate(lines_of(raw), 1):
                if line.strip() or len(line) > LONGEST_LINE:
                    yield drawing_of(line, f"{file}:{number}")
    except IsADirectoryError:
        yield f"{file}: is a folder, not a file"
    except (OSError, EOFError, zlib.error) as error:
        yield f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})"


def lines_of(raw: io.BufferedIOBase) -> Iterator[bytes]:
    """The lines of a file, each cut after LONGEST_LINE bytes and one more."""
    while line := raw.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = raw.readline(LONGEST_LINE + 1)


def drawing_of(line: bytes, place: str) -> Drawing | str:
    if len(line) > LONGEST_LINE:
        return f"{place}: the line is longer than {LONGEST_LINE // 1024**2} MB"
    try:
        return several.from_strokes(json.loads(line)["strokes"])
    except ink.InkError as error:
        return f"{place}: {error}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return f'{place}: not a line of JSON with "strokes"'


# --- evaluate, mistakes, readback, nearest, summary ------------------------------------------


def evaluate(args: argparse.Namespace) -> int:
    data = mnist.load(args.data)
    rows = []
    for variant in flags.variants(args.model):
        net, about = checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        right = training.evaluate(placed(net, fastest_device()), data.test)
        readings.log(about, right, len(data.test), data.sha256, "python -m resnet evaluate")
        recorded = f"{about['test']['right']}/{about['test']['total']}"
        rows.append([*accuracy(variant, right, len(data.test)), recorded])
    print_table(rows, [*ACCURACY, "in its metadata"])
    return 0


ACCURACY = ("net", "right", "accuracy", "95 % interval")


def accuracy(variant: str, right: int, total: int) -> list[str]:
    low, high = wilson_interval(right, total)
    return [variant, f"{right}/{total}", f"{right / total:.2%}", f"{low:.2%} - {high:.2%}"]


def print_table(rows: list[list], headers: Sequence[str]) -> None:
    print(tabulate(rows, headers, tablefmt="github", floatfmt=".3f"))


def mistakes(args: argparse.Namespace) -> int:
    abouts = {
        variant: checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)[1]
        for variant in checkpoint.VARIANTS
    }
    found = comparison.compare(abouts)
    labels = comparison.measured_digits(args.data, found.data_sha256).labels.tolist()
    first, second = checkpoint.VARIANTS
    only = {variant: found.only(variant) for variant in checkpoint.VARIANTS}
    print_table(
        [
            [f"{first} right", found.both, len(only[first])],
            [f"{first} wrong", len(only[second]), len(found.neither)],
        ],
        ["test digits", f"{second} right", f"{second} wrong"],
    )
    print(f"\n{comparison.finding(found)}\n")
    accuracies = [accuracy(variant, found.right(variant), found.total) for variant in only]
    print_table(accuracies, ACCURACY)
    for variant, cases in only.items():
        print(f"\nOnly the {variant} net is right:\n")
        rows = [
            [case.index, labels[case.index], *(said_of(case, v, labels) for v in only)]
            for case in cases
        ]
        print_table(rows, ["index", "label", *(f"{v} says" for v in only)])
    return 0


def said_of(case: comparison.Case, variant: str, labels: list[int]) -> int:
    said = case.said[variant]
    return labels[case.index] if said is None else said


def read_back(args: argparse.Namespace) -> int:
    data = mnist.load(args.data)
    rows: list[list[str]] = [[place] for place in readback.PLACES]
    headers = ["place"]
    for variant in flags.variants(args.model):
        classifier = Classifier.load(variant, args.checkpoints)
        fitted, about = readback.fit(classifier.body, classifier.about, data)
        readback.save(readback.path_of(variant, args.checkpoints), fitted, about)
        headers += [f"{variant}: R2", "probe", "95 % interval"]
        for row, found in zip(rows, fitted.scores, strict=True):
            row += [f"{found.r2:.3f}", *accuracy(variant, found.right, found.total)[2:]]
    print_table(rows, headers)
    return 0


def find_nearest(args: argparse.Namespace) -> int:
    data = mnist.load(args.data)
    rows: list[list[str]] = [[place] for place in readback.PLACES]
    headers = ["place"]
    for variant in flags.variants(args.model):
        classifier = Classifier.load(variant, args.checkpoints)
        made, about = nearest.make(classifier.body, classifier.about, data)
        nearest.save(nearest.path_of(variant, args.checkpoints), made, about)
        headers += [f"{variant}: nearest", "95 % interval"]
        for row, score in zip(rows, made.scores, strict=True):
            row += accuracy(variant, score["right"], score["total"])[2:]
    print_table(rows, headers)
    return 0


def summary(args: argparse.Namespace) -> int:
    if args.layers:
        net = checkpoint.unfilled("residual")
        headers, rows = layer_table(net)
        sides = ("left", "left", "left", "right")
        print(tabulate(rows, headers, tablefmt="github", colalign=sides), end="\n\n")
        print("\n".join(counts_of_the_book(net)))
        return 0
    for variant in checkpoint.VARIANTS:
        (_, *headers), rows = as_table(checkpoint.build(variant))
        align = ("left", "left", "right", "right", "right")
        print(tabulate(rows, [variant, *headers], tablefmt="github", colalign=align), end="\n\n")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, the process's own where no other is given; returns its exit code."""
    args = get_args_parser().parse_args(arguments)
    try:
        code = int(args.run(args))
        print(end="", flush=True)
        return code
    except (
        checkpoint.CheckpointError,
        comparison.ComparisonError,
        mnist.DataError,
        StudyError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        # Or Python writes what is left of our lines at exit, and fails again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader, `head` for one, has seen enough
            return 0
        print(f"{error.filename or 'The output'}: {error.strerror or error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
