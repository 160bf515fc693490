"""What the nets can do without the page: read drawings, be measured, be described."""

import argparse
import gzip
import io
import itertools
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tabulate import tabulate
from torch import Tensor

from resnet import checkpoint, comparison, ink, mnist, readback, training
from resnet.classifier import Answer, Classifier
from resnet.model import fastest_device, placed
from resnet.stats import wilson_interval
from resnet.studies import depth as depth_study
from resnet.studies import depth_verdict, proof, runs, textbook_verdict
from resnet.studies import lesion as lesion_study
from resnet.studies import textbook as textbook_study
from resnet.summary import as_table

# What makes its runs, what says what they show, and a word on it.
STUDIES: dict[str, tuple[Any, Any, str]] = {
    "textbook": (
        textbook_study,
        textbook_verdict,
        "repeat the textbook's experiment from many seeds, and make it fair (half an hour)",
    ),
    "depth": (
        depth_study,
        depth_verdict,
        "train deep and shallow nets, with batch norm and without, from many seeds (minutes)",
    ),
}


def get_args_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resnet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("classify", help="read drawings: one JSON line each")
    command.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help='PNG, JPEG, WEBP; or .jsonl, .jsonl.gz with {"strokes": [[[x, y], ...], ...]} a line',
    )
    with_model(command)
    with_checkpoints(command)
    command.set_defaults(run=classify)

    command = commands.add_parser("evaluate", help="recompute the accuracy on MNIST's test set")
    with_data(command)
    with_model(command)
    with_checkpoints(command)
    command.set_defaults(run=evaluate)

    command = commands.add_parser("mistakes", help="the test digits that only one net reads right")
    with_data(command)
    with_checkpoints(command)
    command.set_defaults(run=mistakes)

    command = commands.add_parser(
        "lesion", help="measure both nets with parts cut out, and store the table for the page"
    )
    with_data(command)
    with_checkpoints(command)
    command.add_argument(
        "--seeds",
        type=at_least(0),
        default=5,
        metavar="N",
        help="pairs to train for an epoch; default: %(default)s",
    )
    command.add_argument(
        "--quick", action="store_true", help="few digits: see that it works, keep nothing"
    )
    command.add_argument("--output", type=Path, metavar="FILE", help="default: results/lesion.json")
    command.add_argument("--show", action="store_true", help="print the stored table only")
    command.set_defaults(run=lesion)

    for name, (experiment, _, what) in STUDIES.items():
        command = commands.add_parser(name, help=what)
        with_data(command)
        command.add_argument(
            "--seeds",
            type=at_least(1),
            default=experiment.SEEDS,
            metavar="N",
            help="default: %(default)s",
        )
        command.add_argument(
            "--quick",
            action="store_true",
            help="one seed, few steps: see that it works, keep nothing",
        )
        command.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help=f"where every run is kept, and where to go on; default: results/{name}.json",
        )
        command.add_argument("--show", action="store_true", help="print the stored runs only")
        command.set_defaults(run=repeat, study=name)

    command = commands.add_parser(
        "readback", help="fit what reads picture and digit back from inside the nets (minutes)"
    )
    with_data(command)
    with_model(command)
    with_checkpoints(command)
    command.set_defaults(run=read_back)

    command = commands.add_parser(
        "prove", help="compare with torchvision's resnet18; and how such a comparison can lie"
    )
    with_checkpoints(command)
    command.set_defaults(run=prove)

    command = commands.add_parser("summary", help="both nets module by module")
    command.set_defaults(run=summary)
    return parser


def with_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data",
        type=Path,
        default=mnist.FOLDER,
        metavar="DIR",
        help="folder of the four IDX files",
    )


def with_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", choices=["both", *checkpoint.VARIANTS], default="both")


def with_checkpoints(command: argparse.ArgumentParser) -> None:
    command.add_argument("--checkpoints", type=Path, default=checkpoint.FOLDER, metavar="DIR")


def at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return number


def variants(args: argparse.Namespace) -> tuple[str, ...]:
    return checkpoint.VARIANTS if args.model == "both" else (args.model,)


# --- classify --------------------------------------------------------------------------------

# Bytes of a line of strokes: twice what ink.MAX_POINTS points take with all their decimals. A few
# MB of gzip unpack to many GB, which must not all be held at once.
LONGEST_LINE = 2 * 1024**2


def classify(args: argparse.Namespace) -> int:
    classifiers = {
        variant: Classifier.load(variant, args.checkpoints) for variant in variants(args)
    }
    refused = False
    drawings = itertools.chain.from_iterable(drawings_of(file) for file in args.files)
    while batch := list(itertools.islice(drawings, 256)):
        readable = [drawing for drawing in batch if isinstance(drawing, Tensor)]
        pictures = torch.stack(readable) if readable else torch.zeros(0, 1, ink.SIDE, ink.SIDE)
        answers = {variant: iter(net.answer(pictures)) for variant, net in classifiers.items()}
        for drawing in batch:
            if isinstance(drawing, str):
                refused = True
                print(drawing, file=sys.stderr)
                line = {variant: Answer(None, None, 0.0, drawing) for variant in classifiers}
            else:
                line = {variant: next(answer) for variant, answer in answers.items()}
            print(json.dumps({variant: answer.as_json() for variant, answer in line.items()}))
    return 1 if refused else 0


def drawings_of(file: Path) -> Iterator[Tensor | str]:
    """The pictures of a file's drawings, in order; a sentence for one that cannot be read."""
    if not file.name.endswith((".jsonl", ".jsonl.gz")):
        try:
            yield ink.from_image(file)
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


def drawing_of(line: bytes, place: str) -> Tensor | str:
    if len(line) > LONGEST_LINE:
        return f"{place}: the line is longer than {LONGEST_LINE // 1024**2} MB"
    try:
        return ink.from_strokes(json.loads(line)["strokes"])
    except ink.InkError as error:
        return f"{place}: {error}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return f'{place}: not a line of JSON with "strokes"'


# --- evaluate, mistakes, lesion, textbook, readback, summary ---------------------------------


def evaluate(args: argparse.Namespace) -> int:
    test = mnist.load(args.data).test
    rows = []
    for variant in variants(args):
        net, about = checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        right = training.evaluate(placed(net, fastest_device()), test)
        recorded = f"{about['test']['right']}/{about['test']['total']}"
        rows.append([*score(variant, right, len(test)), recorded])
    print_table(rows, [*SCORE, "in its metadata"])
    return 0


SCORE = ("net", "right", "accuracy", "95 % interval")


def score(variant: str, right: int, total: int) -> list[str]:
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
    scores = [score(variant, found.right(variant), found.total) for variant in only]
    print_table(scores, SCORE)
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


def lesion(args: argparse.Namespace) -> int:
    stored = args.output or lesion_study.FILE
    try:
        table = lesion_study.load(stored) if args.show else measured_lesions(args)
    except KeyboardInterrupt:
        return stopped()
    if table is None:
        print(f"{stored}: no table that can be read; measure one first", file=sys.stderr)
        return 1
    for title, headers, rows in lesion_study.tables(table):
        print(f"{title}\n")
        print_table(rows, headers)
        print()
    return 0


def measured_lesions(args: argparse.Namespace) -> lesion_study.Counts:
    nets = {
        variant: checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        for variant in checkpoint.VARIANTS
    }
    data = mnist.load(args.data)
    if not args.quick:
        return lesion_study.study(nets, args.seeds, data, args.output or lesion_study.FILE)
    few = data.train.first(200), data.validation.first(200), data.test.first(200)
    return lesion_study.study(nets, 1, mnist.Mnist(*few, data.sha256), args.output, workers=1)


def repeat(args: argparse.Namespace) -> int:
    experiment, verdict_of, _ = STUDIES[args.study]
    try:
        table = runs.load(args.output or experiment.FILE) if args.show else repeated(args)
    except KeyboardInterrupt:
        return stopped()
    if table is None:
        print("No runs are stored there; measure some first.", file=sys.stderr)
        return 1
    for title, headers, rows in verdict_of.tables(table):
        print(f"{title}\n")
        print(tabulate(rows, headers, tablefmt="github", disable_numparse=True), end="\n\n")
    print("\n".join(verdict_of.sentences(table)))
    return 0


def stopped() -> int:
    print("Stopped; the same command goes on after what was stored last.", file=sys.stderr)
    return 130


def repeated(args: argparse.Namespace) -> runs.Table:
    experiment, _, _ = STUDIES[args.study]
    data = mnist.load(args.data)
    if not args.quick:
        return experiment.whole(args.seeds, data, args.output or experiment.FILE)
    if args.output and args.output.resolve() == experiment.FILE:
        raise runs.StudyError(f"{args.output}: not for the runs of --quick")
    return experiment.quick(data, args.output)


def read_back(args: argparse.Namespace) -> int:
    data = mnist.load(args.data)
    rows: list[list[str]] = [[place] for place in readback.PLACES]
    headers = ["place"]
    for variant in variants(args):
        classifier = Classifier.load(variant, args.checkpoints)
        fitted, about = readback.fit(classifier.body, classifier.about, data)
        readback.save(readback.path_of(variant, args.checkpoints), fitted, about)
        headers += [f"{variant}: R2", "probe", "95 % interval"]
        for row, found in zip(rows, fitted.scores, strict=True):
            row += [f"{found.r2:.3f}", *score(variant, found.right, found.total)[2:]]
    print_table(rows, headers)
    return 0


# Of the check, and of its pictures: all ten samples, or only one.
CASES: tuple[tuple[tuple[str, ...], int], ...] = (
    ((), 10),
    (("typo",), 10),
    (("biases",), 10),
    (("biases", "train"), 10),
    (("train",), 1),
    (("planted",), 10),
    (("planted", "signed"), 10),
)


def prove(args: argparse.Namespace) -> int:
    path = checkpoint.path_of("residual", args.checkpoints)
    nets = {"fresh": proof.fresh(), "trained": checkpoint.load(path, "residual")[0]}
    pictures = proof.sample_pictures()
    rows = []
    for flaws, count in CASES:
        for weights, net in nets.items():
            found = proof.check(net, pictures[:count], flaws)
            rows.append(
                [
                    " + ".join(flaws) or "none",
                    count,
                    weights,
                    proof.in_digits(found.printed),
                    proof.in_digits(found.largest),
                    found.sentence.partition(":")[0].rstrip("."),
                ]
            )
    headers = ["flaws", "pictures", "weights", "it prints", "max |difference|", "so"]
    print(tabulate(rows, headers, tablefmt="github", disable_numparse=True), end="\n\n")
    print("\n".join(f"{name}: {what}." for name, what in proof.FLAWS.items()))
    return 0


def summary(args: argparse.Namespace) -> int:
    for variant in checkpoint.VARIANTS:
        (_, *headers), rows = as_table(checkpoint.build(variant))
        align = ("left", "left", "right", "right", "right")
        print(tabulate(rows, [variant, *headers], tablefmt="github", colalign=align), end="\n\n")
    return 0


if __name__ == "__main__":
    arguments = get_args_parser().parse_args()
    try:
        code = arguments.run(arguments)
        print(end="", flush=True)
        sys.exit(code)
    except (
        checkpoint.CheckpointError,
        comparison.ComparisonError,
        mnist.DataError,
        runs.StudyError,
    ) as error:
        sys.exit(f"{error}")
    except OSError as error:
        # Or Python writes what is left of our lines at exit, and fails again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader, `head` for one, has seen enough
            sys.exit(0)
        sys.exit(f"{error.filename or 'The output'}: {error.strerror or error}")
