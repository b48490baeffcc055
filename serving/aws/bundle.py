"""A bundle: the folder that `package` leaves, and that `deploy` and the Terraform module read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.api import BenchError
from bench.registry import ROOT, TRACKS, load_recipe
from serving.aws.archive import file_hash, write_archive
from serving.aws.requirements import locked_versions, own_recipes, requirements_of

if TYPE_CHECKING:
    from serving.model import Model

ARCHIVE, CARD, SOURCE = "model.tar.gz", "bundle.json", "source"
RECIPES = "recipes"
"""Where `serve` looks for the user's own recipes, beside the source."""
CONTAINER = Path(__file__).parent / "container"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "checkpoints", "terraform", "container")
"""What no server reads: weights to start a training from, and what lies here beside the code."""


@dataclass(frozen=True)
class Bundle:
    """A packaged artifact."""

    folder: Path
    artifact: str
    """The content hash of the artifact."""
    sha256: str
    """Of `model.tar.gz`, in hex."""

    @property
    def archive(self) -> Path:
        """`model.tar.gz`."""
        return self.folder / ARCHIVE


def write_bundle(model: Model, out: Path) -> Bundle:
    """The archive, `Dockerfile` and its scripts, requirements, constraints, the source; `bundle.json` comes last."""
    if out.exists() and not (out.is_dir() and (_card(out) or not any(out.iterdir()))):
        raise BenchError(f"{out} is there already and is no bundle: choose another --out")
    if out.resolve().is_relative_to(model.folder.resolve()):
        raise BenchError(f"{out} lies in the artifact, which it would alter: choose another --out")
    requirements = requirements_of(model.folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / CARD).unlink(missing_ok=True)
        sha256 = write_archive(model.folder, out / ARCHIVE)
        for path in CONTAINER.iterdir():
            shutil.copy(path, out)
        if model.compiled:  # opened here with the user's leave: the image knows no store that it was made in
            _allow_code(out / "serve")
        (out / "requirements.txt").write_text(requirements, encoding="utf-8")
        (out / "constraints.txt").write_text(locked_versions(), encoding="utf-8")
        _copy_source(out / SOURCE)
        _copy_recipes(model.folder, out / SOURCE / RECIPES)
        told = {
            "artifact": model.hash, "sha256": sha256, "recipe": model.card["recipe"], "labels": model.labels,
            "runtime": model.predictor.runtime,
        }  # fmt: skip
        (out / CARD).write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {out}: {error.strerror}; free space or choose another --out") from None
    return Bundle(out, model.hash, sha256)


def _allow_code(serve: Path) -> None:
    serve.write_text(serve.read_text(encoding="utf-8").replace('"$@"', '--allow-code "$@"'), encoding="utf-8")


def _copy_source(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for package in ("bench", "serving", *TRACKS):
        shutil.copytree(ROOT / package, target / package, ignore=LEFT_OUT)
    for path in (ROOT / "LICENSE", *ROOT.glob("requirements*")):
        shutil.copy(path, target)


def _copy_recipes(artifact: Path, target: Path) -> None:
    """The user's own recipes that load the artifact, with the helpers that they declare."""
    for file in own_recipes(artifact):
        for name in (file.path.name, *load_recipe(file.name).sources):
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.folder / name, copy)


def _card(folder: Path) -> dict[str, Any]:
    """What a bundle says of itself; nothing where a folder is none."""
    try:
        told = json.loads((folder / CARD).read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and told.keys() >= {"artifact", "sha256"} else {}


def read_bundle(folder: Path) -> Bundle:
    """A bundle whose archive is what was packaged; a `BenchError` for one that is not whole, or altered."""
    told = _card(folder)
    try:
        bundle = Bundle(folder, str(told["artifact"]), str(told["sha256"]))
        found = file_hash(bundle.archive)
    except (OSError, KeyError):
        raise BenchError(
            f"{folder} is no whole bundle: it needs {CARD} and {ARCHIVE} as `python -m serving package` leaves them"
        ) from None
    if found != bundle.sha256:
        raise BenchError(f"{bundle.archive} is altered since it was packaged: package the artifact again")
    return bundle
