"""Content keys: what a cached thing was made of, so that a change anywhere makes it again, with the reason."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.artifact import PREFIX, folder_hash
from bench.contract import PARENTS, Params, Recipe, Resolved
from bench.errors import BenchError
from bench.identity import trained_rows
from bench.machine import device_class, package_version
from bench.registry import load_recipe, source_hash
from bench.schema import TrainedOn

SCORING_VERSION = "1"
"""Raised whenever the scorer would give another number for the same predictions."""

DIGITS = 8
"""Of a content's hash behind the name of a file or folder that a parameter names."""
VALUE = re.compile(r"[^\[\],=]+")


@dataclass(frozen=True)
class Parent:
    """A run whose artifact is there to be compressed."""

    run_id: str
    artifact: str
    """Its content hash."""
    normalization: str


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def artifact_parts(
    recipe: Recipe,
    resolved: Resolved,
    params: Params,
    seed: int,
    train_hash: str,
    device: str,
    trained_on: TrainedOn = "train",
    parents: Sequence[Parent] = (),
) -> dict[str, str]:
    """The named parts of an artifact key, each short enough to print.

    `trained_on` sets a training on train and validation together, or on a few labels, apart from the usual one.
    """
    contents = {name: _content(path) for name, path in resolved.paths.items()}
    shown = _named(params, resolved.paths, contents)
    packages = {f"package {name}": version for name, version in package_versions(resolved).items()}
    normalization = resolved.normalization
    parts = {
        "recipe": recipe.name,
        "source": source_part(recipe, resolved),
        "params": json.dumps(shown | contents, sort_keys=True, default=str),
        "data": f"{train_hash[:16]} {trained_rows(trained_on)}".strip(),
        "normalization": parents[0].normalization if parents and normalization == PARENTS else normalization,
        "seed": str(seed),
        "device": device_class(device),
        **packages,
    }
    return parts | ({"parent": " ".join(parent.artifact[:PREFIX] for parent in parents)} if parents else {})


def source_part(recipe: Recipe, resolved: Resolved) -> str:
    """Of the recipe's code, and that of the recipes that it builds on."""
    sources = [source_hash(part) for part in (recipe, *map(load_recipe, resolved.builds_on))]
    return sources[0][:16] if len(sources) == 1 else digest(sources)[:16]


def shown_params(resolved: Resolved, params: Params, parts: Mapping[str, str]) -> Params:
    """The parameters as they are stored and shown: files and folders as `name@hash`, the beginning of the content's.

    `parts` are those of the artifact key, which has the contents.
    """
    return _named(params, resolved.paths, json.loads(parts["params"]))


def _named(params: Params, paths: Mapping[str, Path], contents: Mapping[str, str]) -> dict[str, object]:
    """Two of one name and other content stay apart; what names no path of the user's, as `tweets-tiny`, stays."""
    names = {path: f"{path.name}@{contents[name][:DIGITS]}" for name, path in paths.items()}

    def named(text: str) -> str:
        return names.get(Path(text.strip()), text)

    def value(given: Any) -> Any:
        if not isinstance(given, str) or (whole := named(given)) != given:
            return whole if isinstance(given, str) else given
        return VALUE.sub(lambda part: named(part[0]), given)  # of a student written as `finetune[backbone=…]`

    return {key: value(given) for key, given in params.items()}


def package_versions(resolved: Resolved) -> dict[str, str]:
    """Versions of what a run, and the recipes it builds on, require; `missing` where one is not installed."""
    others = [name for part in resolved.builds_on for name in load_recipe(part).requires]
    return {name: package_version(name) or "missing" for name in dict.fromkeys((*resolved.requires, *others))}


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
