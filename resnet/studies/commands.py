"""The commands of the studies: python -m resnet lesion | textbook | depth | birth | ..."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tabulate import tabulate

from resnet import checkpoint, flags, mnist
from resnet.studies import birth as birth_study
from resnet.studies import (
    birth_verdict,
    depth_verdict,
    narrow_training,
    proof,
    runs,
    shattered_verdict,
    stuck,
    stuck_verdict,
    textbook_verdict,
)
from resnet.studies import depth as depth_study
from resnet.studies import lesion as lesion_study
from resnet.studies import shattered as shattered_study
from resnet.studies import textbook as textbook_study

# The module that makes its runs, the one that says what they show, a line of help and more of it.
STUDIES: dict[str, tuple[Any, Any, str, str]] = {
    "textbook": (
        textbook_study,
        textbook_verdict,
        "repeat the textbook's experiment from many seeds, and make it fair (two hours)",
        "Train the textbook's three nets in its steps, and both ResNet18 from three kinds of first "
        "weights at six learning rates, from many seeds, and say what that shows. All seeds take "
        "two hours on two cores.",
    ),
    "depth": (
        depth_study,
        depth_verdict,
        "train deep and shallow nets, with batch norm and without, from many seeds (3 hours)",
        "Train narrow nets of 18 to 98 layers, with shortcuts and without, with batch norm and "
        "without, from many seeds, and a pair of full width; say what depth does to accuracy and "
        "gradients. All seeds take three hours on two cores.",
    ),
    "birth": (
        birth_study,
        birth_verdict,
        "train nets without batch norm that begin with f turned down (1 to 3 hours)",
        "Train narrow nets without batch norm, with f as it is before the first step, turned down "
        "or at 0, and say how far down the deepest can be trained. All seeds take one to "
        "three hours on two cores.",
    ),
    "stuck": (
        stuck,
        stuck_verdict,
        "train the deep nets ten times as long: is the plain one stuck, or slow (1 hour)",
        "Train narrow nets of 34 and 66 layers for 800 steps, ten times as many as the study of "
        "depth, as they are, with clipped gradients and with a warm-up, from many seeds, and say "
        "which of them learn. All seeds take an hour on two cores.",
    ),
    "shattered": (
        shattered_study,
        shattered_verdict,
        "nudge digits: do new nets still ask for the same change of the pixels? (minutes)",
        "Compare the gradients at the pixels of digits and of their nudged copies, in nets of 18 "
        "to 98 layers that have learnt nothing yet, with shortcuts and without, from many seeds. "
        "All seeds take minutes on two cores.",
    ),
}
KEPT = (
    " Every run is written to results/{name}.json as soon as it is made; Ctrl-C loses only the "
    "runs under way, and the same command goes on from there."
)


def add_study_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "lesion",
        help="measure both nets with parts cut out, and store the table for the page",
        description="Read MNIST's test digits with the trained nets whole, with units out, with "
        "shortcuts cut and with branches turned down, and the same with pairs trained for an epoch "
        "from seeds of their own. Five seeds take 25 minutes on two cores; the table is written to "
        "results/lesion.json after each.",
    )
    flags.add_data(command)
    flags.add_checkpoints(command)
    command.add_argument(
        "--seeds",
        type=flags.at_least(0),
        default=5,
        metavar="N",
        help="pairs to train for an epoch; default: %(default)s",
    )
    command.add_argument(
        "--quick", action="store_true", help="few digits: see that it works, keep nothing"
    )
    command.add_argument("--output", type=Path, metavar="FILE", help="default: results/lesion.json")
    command.add_argument("--show", action="store_true", help="print the stored table only")
    add_cluster(command)
    command.set_defaults(run=lesion)

    for name, (study, _, what, more) in STUDIES.items():
        command = commands.add_parser(name, help=what, description=more + KEPT.format(name=name))
        flags.add_data(command)
        command.add_argument(
            "--seeds",
            type=flags.at_least(1),
            default=study.SEEDS,
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
        add_cluster(command)
        command.set_defaults(run=repeat, study=name)

    narrow_training.add_command(commands)

    command = commands.add_parser(
        "prove",
        help="compare with torchvision's resnet18; and how such a comparison can lie",
        description="Give torchvision's resnet18 the residual net's weights and the same pictures "
        "and compare the answers: soundly, and with each flaw of the textbook's own check. Takes "
        "seconds; writes no file.",
    )
    flags.add_checkpoints(command)
    command.set_defaults(run=prove)


def add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="have the runs made by the workers of this dask.distributed scheduler, "
        "tcp://host:8786 for one",
    )


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
        print(tabulate(rows, headers, tablefmt="github", floatfmt=".3f"))
        print()
    return 0


def measured_lesions(args: argparse.Namespace) -> lesion_study.LesionTable:
    nets = {
        variant: checkpoint.load(checkpoint.path_of(variant, args.checkpoints), variant)
        for variant in checkpoint.VARIANTS
    }
    data = mnist.load(args.data)
    with runs.on_cluster(args.cluster):
        if not args.quick:
            return lesion_study.study(nets, args.seeds, data, args.output or lesion_study.FILE)
        # A batch and a few, for the nets that are trained.
        few = data.train.first(130), data.validation.first(50), data.test.first(50)
        return lesion_study.study(nets, 1, mnist.Mnist(*few, data.sha256), args.output, workers=1)


def repeat(args: argparse.Namespace) -> int:
    study, verdict, *_ = STUDIES[args.study]
    try:
        table = study.load(args.output) if args.show else repeated(args)
    except KeyboardInterrupt:
        return stopped()
    if table is None:
        print("No runs are stored there; measure some first.", file=sys.stderr)
        return 1
    for title, headers, rows in verdict.tables(table):
        print(f"{title}\n")
        print(tabulate(rows, headers, tablefmt="github", disable_numparse=True), end="\n\n")
    print("\n".join(verdict.sentences(table)))
    print(runs.on_many_cores(table["runs"]))
    return 0


def stopped() -> int:
    print("Stopped; the same command goes on after what was stored last.", file=sys.stderr)
    return 130


def repeated(args: argparse.Namespace) -> Any:
    study, *_ = STUDIES[args.study]
    data = mnist.load(args.data)
    if args.quick and args.output and args.output.resolve() == study.FILE:
        raise runs.StudyError(f"{args.output}: not for the runs of --quick")
    with runs.on_cluster(args.cluster):
        if args.quick:
            return study.quick(data, args.output)
        return study.whole(args.seeds, data, args.output or study.FILE)


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
