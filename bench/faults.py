"""Prove that the app holds: hostile requests, images, crowds, stops, renewals, damaged files.

Each proof prints what it tried and what was lost by it; the command ends with 1 where anything was.
All of them take a quarter of an hour on two cores. --quick tries a few of each.
"""

import argparse
import sys
from collections.abc import Callable

from bench import timing
from bench.proofs import crowd, damage, fuzz, images, renewing, stopping
from bench.proofs.served import Proof, serving


def get_args_parser() -> argparse.ArgumentParser:
    parser = timing.bare_parser("faults", __doc__)
    parser.add_argument(
        "--only",
        choices=PROOFS,
        nargs="+",
        default=[*PROOFS],
        metavar="PROOF",
        help=f"of {', '.join(PROOFS)}; default: all",
    )
    parser.add_argument("--quick", action="store_true", help="a few of each: to see that all works")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    return parser


def fuzzed(args: argparse.Namespace) -> Proof:
    with serving() as app:
        return fuzz.prove(app, 500 if args.quick else 10_000, args.seed)


def pictured(args: argparse.Namespace) -> Proof:
    with serving() as app:
        return images.prove(app)


def crowded(args: argparse.Namespace) -> Proof:
    with serving() as app:
        if args.quick:
            return crowd.prove(app, 8, 20, seconds=3, rounds=2)
        return crowd.prove(app)


PROOFS: dict[str, Callable[[argparse.Namespace], Proof]] = {
    "fuzz": fuzzed,
    "images": pictured,
    "load": crowded,
    "stop": lambda args: stopping.prove(2 if args.quick else 10),
    "renewal": lambda args: renewing.prove(3 if args.quick else 30, args.seed),
    "damage": lambda args: damage.prove(20 if args.quick else 200, args.seed),
}


def main(args: argparse.Namespace) -> int:
    lost = 0
    for name in args.only:
        proof = PROOFS[name](args)
        print(proof.shown(), flush=True)
        lost += len(proof.lost)
    print(timing.machine(1, "torch", "gradio"))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(get_args_parser().parse_args()))
