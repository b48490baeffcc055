"""Who stands behind a manifest: the commit that it lies in."""

from __future__ import annotations

from pathlib import Path

from bench.git import git
from bench.report.manifest import FILE


def signature(directory: Path) -> str:
    """One line: which commit signed the manifest off, or that nobody did."""
    committed = git(directory, "rev-parse", "--verify", "--quiet", f"HEAD:./{FILE}")
    if not committed:
        return f"nobody signed {FILE} off: it is in no commit"
    commit = git(directory, "log", "-1", "--format=%h of %cs", "--", FILE)
    if git(directory, "hash-object", FILE) != committed:
        return f"nobody signed this {FILE} off: it is not that of commit {commit}"
    return f"{FILE} was signed off by commit {commit}"
