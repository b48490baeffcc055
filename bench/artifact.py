"""An artifact's folder: its content hash, which is also its name, and its card."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from bench.contract import Card
from bench.durable import move_folder
from bench.errors import BenchError

PREFIX = 16
"""Digits of an artifact's hash that stand for it in the key of what was made of it."""


def artifact_files(folder: Path) -> list[Path]:
    """Every file below `folder`, sorted by relative path; links are refused, as their content is elsewhere."""
    if not folder.is_dir() or folder.is_symlink():
        raise BenchError(f"no artifact folder at {folder}; train the run again")
    files = []
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BenchError(
                f"{path} is a link or a special file; an artifact holds plain files only, copy the content in"
            )
        if path.is_file():
            files.append(path)
    return sorted(files, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file of the artifact, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in artifact_files(folder)}


def bytes_on_disk(folder: Path) -> int:
    """Of all files of the artifact."""
    return sum(file_sizes(folder).values())


def folder_hash(folder: Path) -> str:
    """SHA-256 in hex of the sorted relative paths and contents of a folder's files; times and modes do not count."""
    total = hashlib.sha256()
    for path in artifact_files(folder):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        # A path holds no NUL and a digest has a fixed length, so no two folders give the same bytes here.
        total.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0" + content)
    return total.hexdigest()


def adopt(folder: Path, artifacts: Path) -> str:
    """Move a finished artifact to `artifacts/<hash>`, on disk before it has that name, and return the hash."""
    name = folder_hash(folder)
    target = artifacts / name
    if target.is_dir() and not is_intact(target):
        shutil.rmtree(target)
    if not target.is_dir():
        try:
            move_folder(folder, target)
        except OSError:  # another run has made the same artifact in this moment
            if not is_intact(target):
                raise
    return name


def name_labels(folder: Path, label_names: Sequence[str]) -> None:
    """A classifier in Hugging Face layout names its outputs as the data set does, so that `pipeline` says the same."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if "ForSequenceClassification" not in str(config.get("architectures")):
        return
    config["id2label"] = {str(i): name for i, name in enumerate(label_names)}
    config["label2id"] = {name: i for i, name in enumerate(label_names)}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


_verified: dict[Path, list[tuple[Path, int, int]]] = {}
"""Folders whose content matched their names, with path, size and time of change of each file."""


def is_intact(folder: Path) -> bool:
    """Whether the folder's content still has the hash that is its name; read again only where a file changed."""
    try:
        state = _state(folder)
        if _verified.get(folder) == state:
            return True
        if folder_hash(folder) != folder.name:
            return False
    except (BenchError, OSError):
        return False
    _verified[folder] = state
    return True


def _state(folder: Path) -> list[tuple[Path, int, int]]:
    """Path, size and time of change of each file: where they are as before, it need not be read again."""
    files = [(path, path.stat()) for path in artifact_files(folder)]
    return [(path, state.st_size, state.st_ctime_ns) for path, state in files]


def read_card(artifact_dir: Path) -> Card:
    """The metadata of an artifact. Those of earlier versions have no `layout`: it is that of their recipe."""
    try:
        card = json.loads((artifact_dir / "artifact.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BenchError(f"{artifact_dir} is no artifact: it has no readable artifact.json") from None
    return cast(Card, {"layout": card.get("recipe")} | card)
