"""A bundle: the folder that `package` leaves, and that `deploy` and the Terraform module read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.api import BenchError, file_sha256, load_recipe
from bench.registry import ROOT, TRACKS
from bench.requirements import pins_folder
from serving.aws.archive import write_archive
from serving.aws.requirements import locked_versions, own_recipes, requirements_of

if TYPE_CHECKING:
    from serving.model import Model

ARCHIVE, CARD, SOURCE = "model.tar.gz", "bundle.json", "source"
RECIPES = "recipes"
"""Where `serve` looks for the user's own recipes, beside the source."""
CONTAINER = Path(__file__).parent / "container"
OMITTED = shutil.ignore_patterns("__pycache__", "checkpoints", "terraform", "container")
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
    if out.exists() and not (out.is_dir() and (_read_card(out) or not any(out.iterdir()))):
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
            serve = (out / "serve").read_text(encoding="utf-8")
            (out / "serve").write_text(serve.replace('"$@"', '--allow-code "$@"'), encoding="utf-8")
        (out / "requirements.txt").write_text(requirements, encoding="utf-8")
        (out / "constraints.txt").write_text(locked_versions(), encoding="utf-8")
        _copy_source(model.folder, out / SOURCE)
        card = {
            "artifact": model.hash, "sha256": sha256, "recipe": model.card["recipe"], "labels": model.labels,
            "runtime": model.predictor.runtime,
        }  # fmt: skip
        (out / CARD).write_text(json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {out}: {error.strerror}; free space or choose another --out") from None
    return Bundle(out, model.hash, sha256)


def _copy_source(artifact: Path, target: Path) -> None:
    """The project's code, and the user's own recipes that load the artifact."""
    shutil.rmtree(target, ignore_errors=True)
    for package in ("bench", "serving", *TRACKS):
        shutil.copytree(ROOT / package, target / package, ignore=OMITTED)
    for path in (pins_folder() / "LICENSE", *pins_folder().glob("requirements*")):
        shutil.copy(path, target)
    copy_own_recipes(artifact, target)


def copy_own_recipes(artifact: Path, source: Path) -> None:
    """The user's own recipes that load the artifact, with the helpers that they declare, beside the project's code."""
    for file in own_recipes(artifact):
        for name in (file.path.name, *load_recipe(file.name).sources):
            copy = source / RECIPES / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.folder / name, copy)


def _read_card(folder: Path) -> Bundle | None:
    """The bundle in a folder, by its card; None where there is none."""
    try:
        card = json.loads((folder / CARD).read_bytes())
        return Bundle(folder, str(card["artifact"]), str(card["sha256"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_bundle(folder: Path) -> Bundle:
    """A bundle whose archive is what was packaged; a `BenchError` for one that is not whole, or altered."""
    bundle = _read_card(folder)
    try:
        content = file_sha256(bundle.archive) if bundle else None
    except OSError:
        content = None
    if bundle is None or content is None:
        raise BenchError(
            f"{folder} is no whole bundle: it needs {CARD} and {ARCHIVE} as `python -m serving package` leaves them"
        )
    if content != bundle.sha256:
        raise BenchError(f"{bundle.archive} is altered since it was packaged: package the artifact again")
    return bundle
