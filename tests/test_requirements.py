"""The lock file: what requirements.txt asks for, each version with its hashes."""

import re
from collections import defaultdict

from packaging.requirements import Requirement
from packaging.version import Version

from tests.server import ROOT

LOCK = (ROOT / "requirements.lock").read_text()


def locked() -> dict[str, list[Version]]:
    """The versions of each package; of some there is one for each Python."""
    versions = defaultdict(list)
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE):
        versions[name].append(Version(version))
    return versions


def test_every_requirement_is_locked_within_its_bounds() -> None:
    """After a change of requirements.txt: make lock"""
    versions = locked()
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    for wanted in (Requirement(line.partition(" #")[0]) for line in lines):
        assert versions[wanted.name], wanted
        assert all(wanted.specifier.contains(version) for version in versions[wanted.name]), wanted


def test_every_version_has_hashes_and_no_address() -> None:
    entries = re.split(r"^(?=\S+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == sum(map(len, locked().values()))
    for entry in entries:
        hashes = re.findall(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", entry, re.MULTILINE)
        assert hashes, entry
        assert hashes == [" \\"] * (len(hashes) - 1) + [""], entry
    assert "://" not in LOCK
