"""What git says of a folder."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from bench.registry import ROOT


def git(folder: Path, *arguments: str) -> str | None:
    """What a command of git prints, without white space around it; None where it fails, or there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


@functools.cache
def git_state() -> tuple[str | None, bool | None]:
    """The commit of the code, and whether tracked files differ from it; None outside of a repository."""
    if not (ROOT / ".git").exists():  # installed: a repository above is the user's
        return None, None
    commit, changes = git(ROOT, "rev-parse", "HEAD"), git(ROOT, "status", "--porcelain", "--untracked-files=no")
    return (None, None) if commit is None or changes is None else (commit, bool(changes))
