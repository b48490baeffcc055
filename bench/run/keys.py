"""Content keys: what a cached thing was made of, so that a change anywhere makes it anew and says why."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.api import Recipe
from bench.artifact import folder_hash
from bench.errors import BenchError
from bench.machine import device_class, package_version
from bench.registry import ROOT, source_hash

SCORING_VERSION = "1"
"""Raised whenever the scorer would give another number for the same predictions."""


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def artifact_parts(
    recipe: Recipe, params: Mapping[str, Any], seed: int, train_hash: str, device: str, refit: bool = False
) -> dict[str, str]:
    """The named parts of an artifact key, each short enough to print.

    `refit` tells a training on train and validation together from the usual one on the same rows.
    """
    contents = {name: _content(path) for name, path in recipe.paths_for(params).items()}
    packages = {f"package {name}": version for name, version in package_versions(recipe).items()}
    return {
        "recipe": recipe.name,
        "source": source_hash(recipe)[:16],
        "params": json.dumps(dict(params) | contents, sort_keys=True, default=str),
        "data": train_hash[:16] + (" refit" if refit else ""),
        "normalization": recipe.normalization_for(params),
        "seed": str(seed),
        "device": device_class(device),
        **packages,
    }


def package_versions(recipe: Recipe) -> dict[str, str]:
    """Versions of what the recipe requires, `missing` where it is not installed."""
    return {name: package_version(name) or "missing" for name in recipe.requires}


def _content(path: Path) -> str:
    if path.is_dir():
        return folder_hash(path)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    raise BenchError(f"no file or folder {path}, which a parameter names")


def evaluation_key(artifact: str, test_hash: str) -> str:
    """What a score rests on."""
    return digest([artifact, test_hash, SCORING_VERSION])


def measurement_key(artifact: str, protocol: str, machine: str, threads: list[int]) -> str:
    """What a timing rests on: never another machine."""
    return digest([artifact, protocol, machine, threads])


def explain_miss(parts: Mapping[str, str], stored: Mapping[str, str]) -> str:
    """Why `stored` does not serve: the parts that differ."""
    changed = []
    for name in sorted(parts.keys() | stored.keys()):
        before, now = stored.get(name, "none"), parts.get(name, "none")
        if before != now:
            changed.append(f"{name} changed ({before} → {now})" if len(before + now) < 60 else f"{name} changed")
    return "; ".join(changed) or "its artifact is gone"


@functools.cache
def git_state() -> tuple[str | None, bool | None]:
    """The commit of the code, and whether tracked files differ from it; None outside of a repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit, bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()
