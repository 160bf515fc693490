"""The scripts' own tests, run by the node that requirements-dev.txt puts beside this Python."""

import subprocess
import sys
from pathlib import Path

TESTS = sorted((Path(__file__).parent / "scripts").glob("*.test.js"))


def test_the_scripts_pass_their_tests() -> None:
    node = Path(sys.executable).with_name("node")
    assert node.exists(), "node is missing: pip install --requirement requirements-dev.txt"
    command = [str(node), "--test", "--test-timeout=60000", *map(str, TESTS)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(TESTS) > 3
