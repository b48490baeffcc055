"""A published folder against its manifest: files, and what of a run its predictions and samples cannot prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.data.digest import file_sha256
from bench.report.manifest import FILE, Manifest, owned_files, published_run
from bench.schema import Result
from bench.verify.differences import Problem


def check_files(directory: Path, manifest: Manifest) -> Iterator[Problem]:
    """Files that were changed, removed or added since the manifest was written; a run that is gone is one line."""
    there = {path.relative_to(directory).as_posix(): path for path in owned_files(directory)}
    gone = {f"results/{run_id}" for run_id in manifest.runs if not (directory / "results" / run_id).is_dir()}
    yield from (Problem(folder, "removed: the manifest has this run") for folder in sorted(gone))
    for name in sorted(manifest.files.keys() - there.keys()):
        if name.rpartition("/")[0] not in gone:
            yield Problem(name, "removed: the manifest has this file")
    for name in sorted(there.keys() - manifest.files.keys()):
        yield Problem(name, "added: the manifest does not have this file")
    for name in sorted(there.keys() & manifest.files.keys()):
        due, path = manifest.files[name], there[name]
        if path.stat().st_size != due.bytes or file_sha256(path) != due.sha256:
            yield Problem(name, "changed: its bytes are not those of the manifest")
    for name in sorted(manifest.figures.keys() - manifest.files.keys()):
        yield Problem(FILE, f"has the data of the figure '{name}', but not the file")


def check_facts(results: Iterable[Result], manifest: Manifest) -> Iterator[Problem]:
    """Seeds, dates, machines, commits and artifacts of the runs."""
    for result in results:
        due = manifest.runs.get(result.run_id)
        now = published_run(result).model_dump()
        for field, before in due.model_dump().items() if due else ():
            if now[field] != before:
                what = f"{field} is {now[field]!r}, in the manifest {before!r}"
                yield Problem(f"results/{result.run_id}/result.json", what)


def check_sizes(results: Sequence[Result], manifest: Manifest) -> Iterator[Problem]:
    """Sizes against the list of the artifact's files."""
    for result in results:
        files = manifest.artifacts.get(result.identity.artifact or "")
        if files is None or result.size is None:
            continue
        where, total = f"results/{result.run_id}/result.json", sum(files.values())
        if result.size.bytes_on_disk != total:
            what = f"size.bytes_on_disk is {result.size.bytes_on_disk}, the files of its artifact have {total}"
            yield Problem(where, what)
        if result.size.files not in (None, files):
            yield Problem(where, "size.files is not the manifest's list of the files of its artifact")
