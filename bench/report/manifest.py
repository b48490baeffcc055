"""`manifest.json`: what a published folder holds, so that what was changed, removed or added since shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

import bench
from bench.artifact import file_sizes
from bench.clock import Time
from bench.confidence.storage import CONFIDENCE
from bench.data.digest import file_sha256
from bench.durable import write_atomic
from bench.errors import BenchError, one_line
from bench.git import git_state
from bench.noise_floor import FILE as NOISE_FLOORS
from bench.report.contents import TEXT_FILES, Contents, Selection
from bench.report.page.packed import compact
from bench.robustness.evaluation import ROBUSTNESS
from bench.schema import Block, Name, Result
from bench.slices.evaluation import SLICES
from bench.split_labels import FOLDER as SPLITS
from bench.store import Store

FILE = "manifest.json"
OWNED = (
    *TEXT_FILES, NOISE_FLOORS, FILE, "results", SPLITS, "searches", "figures",
    *(kind.folder for kind in (ROBUSTNESS, CONFIDENCE, SLICES)),
)  # fmt: skip
"""Files and folders of a report; what lies beside them is none of its business."""
SOURCES = (".py", ".js", ".css", ".html")
TABLES = ("board", "report", "stats")
"""The packages that tables and figures are made by."""


class PublishedFile(Block):
    """One file of the folder."""

    bytes: int
    sha256: str


class PublishedRun(Block):
    """What of a run its predictions and samples cannot prove."""

    seed: int
    started_at: Time
    machine: str = Field(description="Of the training.")
    timed_on: str | None = Field(description="The machine of the times; null where nothing is timed.")
    git_commit: str | None
    dirty: bool | None
    artifact: str | None


class Software(Block):
    """What made the report."""

    version: str
    git_commit: str | None
    dirty: bool | None
    source: str = Field(description="Hash of the code that makes tables and figures.")


class Manifest(Block):
    """Of one report."""

    manifest_version: Literal[1] = 1
    made_at: Time
    software: Software
    texts: bool = Field(description="Whether texts of the data sets may stand in the page.")
    superseded: dict[str, int] = Field(description="Older runs that were left out, by leaderboard.")
    foreign: str = Field(description="What the page says of results beside these; empty for nothing.")
    files: dict[str, PublishedFile] = Field(description="All of them but this one, by their paths.")
    figures: dict[str, str] = Field(description="Of each figure that was drawn the hash of its data, by its path.")
    runs: dict[Name, PublishedRun]
    studies: list[Name]
    described: list[str] = Field(description="Leaderboards whose data set was prepared, so that the page describes it.")
    artifacts: dict[Name, dict[str, int]] = Field(
        description="Bytes of each file, of the artifacts whose files were known; the rest are left out."
    )

    @property
    def selection(self) -> Selection:
        """What the report is of."""
        return Selection(tuple(sorted(self.runs)), tuple(self.studies), self.superseded, self.texts, self.foreign)


def write_manifest(out: Path, shown: Contents, artifacts: Path, made_at: str, figures: bool) -> None:
    """Of the report that was just written into `out`, with figures or without; `artifacts` are those of the store."""
    store = Store(out)
    results = [store.read(run_id) for run_id in shown.selection.run_ids]
    commit, dirty = git_state()
    manifest = Manifest(
        made_at=made_at,
        software=Software(version=bench.__version__, git_commit=commit, dirty=dirty, source=source_hash()),
        texts=shown.selection.texts,
        superseded=dict(shown.selection.superseded),
        foreign=shown.selection.foreign,
        files={path.relative_to(out).as_posix(): _file(path) for path in owned_files(out)},
        figures=figure_hashes(shown) if figures else {},
        runs={result.run_id: published_run(result) for result in results},
        studies=list(shown.selection.studies),
        described=[page.board.name for page in shown.pages if page.data],
        artifacts=_artifact_files(results, artifacts),
    )
    write_atomic(out / FILE, manifest.model_dump_json(indent=1).encode())


def read_manifest(folder: Path) -> Manifest | None:
    """Of a published folder; None where it has none, a `BenchError` in one line where it cannot be read."""
    try:
        return Manifest.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        raise BenchError(f"field '{one_line('.'.join(map(str, first['loc'])))}': {one_line(first['msg'])}") from None
    except OSError as error:
        raise BenchError(f"unreadable: {one_line(error)}") from None


def owned_files(folder: Path) -> Iterable[Path]:
    """All files of a report but its manifest, sorted."""
    for name in sorted(set(OWNED) - {FILE}):
        path = folder / name
        yield from [path] if path.is_file() else sorted(below for below in path.rglob("*") if below.is_file())


def published_run(result: Result) -> PublishedRun:
    """What the manifest says of a run."""
    identity, measurement = result.identity, result.measurement
    machine = result.environment.machine
    return PublishedRun(
        seed=identity.seed,
        started_at=result.outcome.started_at,
        machine=machine,
        timed_on=(measurement.machine or machine) if measurement else None,
        git_commit=identity.git_commit,
        dirty=identity.dirty,
        artifact=identity.artifact,
    )


def figure_hashes(shown: Contents) -> dict[str, str]:
    """Of each figure the hash of the data that it draws, by its path in the folder."""
    drawn = {f"figures/{drawing.stem}.png": compact(drawing.data()) for drawing in shown.drawings}
    described = {f"figures/{stem}.png": some.model_dump(mode="json") for stem, some in shown.descriptions.items()}
    return {path: _digest(data) for path, data in (drawn | described).items()}


def source_hash() -> str:
    """Of the code that makes tables and figures: where it is another, so may be what it makes of the same results."""
    whole, root = hashlib.sha256(), Path(bench.__file__).parent
    for path in sorted(path for name in TABLES for path in (root / name).rglob("*") if path.suffix in SOURCES):
        whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _file(path: Path) -> PublishedFile:
    return PublishedFile(bytes=path.stat().st_size, sha256=file_sha256(path))


def _artifact_files(results: Iterable[Result], artifacts: Path) -> dict[str, dict[str, int]]:
    """As the results list them or, of older results, as they lie in the store."""
    known: dict[str, dict[str, int]] = {}
    for result in results:
        name, size = result.identity.artifact, result.size
        if name is None or size is None or name in known:
            continue
        if size.files is not None:
            known[name] = size.files
        elif (artifacts / name).is_dir():
            known[name] = file_sizes(artifacts / name)
    return known


def _digest(data: Any) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
