"""A whole folder: a store, or published reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.artifact import file_sizes, folder_hash
from bench.errors import BenchError, one_line
from bench.report.contents import Watch, unwatched
from bench.report.manifest import FILE, Manifest, read_manifest
from bench.schema import Result
from bench.split_labels import FOLDER as SPLITS
from bench.truth import Truth
from bench.verify.csv_rows import check_csv
from bench.verify.differences import Problem, compared
from bench.verify.published import check_facts, check_files, check_sizes
from bench.verify.rebuilt import check_rebuilt
from bench.verify.run import Gathered, check_run, read_result
from bench.verify.signature import signature

Note = Callable[[str], None]


def result_folders(directory: Path) -> list[Path]:
    """The folders of all runs below `directory/results`, sorted; none at all is an error."""
    results = directory / "results"
    folders = sorted(path for path in results.iterdir() if path.is_dir()) if results.is_dir() else []
    if not folders:
        raise BenchError(f"no runs in {results}; name a store or a folder of published reports")
    return folders


def verify(
    directory: Path, watch: Watch = unwatched, store: Path | None = None, note: Note = lambda line: None
) -> list[Problem]:
    """Every problem of a store or of published reports, searches included, none if all is well.

    Damaged files are problems, not errors.

    `watch` wraps what takes long, for a progress bar. Labels are held against the data prepared in `directory` and in
    `store`, as are the page's sections on data sets; `note` receives what could not be, and what a reader must know.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # many short products: threads that wait for one another only cost
        return _verify(directory, watch, store, note)


def _verify(directory: Path, watch: Watch, store: Path | None, note: Note) -> list[Problem]:
    problems: list[Problem] = []
    manifest = _manifest(directory, problems, note)
    if manifest:
        problems += check_files(directory, manifest)
    gathered = Gathered(Truth([root / "prepared" for root in (directory, store) if root is not None]))
    results: list[Result] = []
    for folder in watch(result_folders(directory), "runs"):
        result = read_result(folder, problems)
        if result is not None:
            results.append(result)
            problems += check_run(folder, result, gathered)
    problems += _check_together(directory, results, gathered, note)
    of_report = [result for result in results if manifest is None or result.run_id in manifest.runs]
    if (directory / "results.csv").is_file():
        problems += check_csv(directory / "results.csv", of_report)
    if manifest:
        problems += check_facts(of_report, manifest)
        problems += check_sizes(of_report, manifest)
        _note_sizes(of_report, manifest, note)
        raw_changed = any(p.where.split("/")[0] in ("results", SPLITS, "searches") for p in problems)
        if not raw_changed:
            problems += check_rebuilt(directory, (store or directory) / "prepared", manifest, watch, note)
        else:
            note("tables and figures were not made again, as the raw results are not those that they were made of")
    return problems


def _manifest(directory: Path, problems: list[Problem], note: Note) -> Manifest | None:
    try:
        manifest = read_manifest(directory)
    except BenchError as error:
        problems.append(Problem(FILE, str(error)))
        return None
    if manifest:
        note(signature(directory))
    elif (directory / "results.csv").is_file():
        note(f"no {FILE}: what was removed or added, figures, page and leaderboard.md cannot be checked")
    return manifest


def _check_together(directory: Path, results: Sequence[Result], gathered: Gathered, note: Note) -> Iterator[Problem]:
    """What is no matter of one run alone."""
    for artifact in sorted({result.identity.artifact for result in results if result.identity.artifact}):
        yield from _check_artifact(directory, artifact, [r for r in results if r.identity.artifact == artifact])
    yield from (Problem(where, what) for where, what in gathered.truth.problems())
    for path in sorted((directory / SPLITS).glob("*")):
        if path.stem not in gathered.splits:
            yield Problem(f"{SPLITS}/{path.name}", "no run refers to it")
    for path in sorted((directory / "searches").glob("*.json")):
        yield from _check_search(path)
    if unproven := gathered.truth.unproven():
        note(f"labels of {', '.join(unproven)} were compared between runs, not with the data: not prepared here")
    if dirty := [result.run_id for result in results if result.identity.dirty]:
        note(f"warning: {_some(dirty)} of code that differs from its commit (dirty)")


def _check_artifact(directory: Path, name: str, results: Sequence[Result]) -> Iterator[Problem]:
    """Content and bytes of an artifact, where its folder is here; published reports leave artifacts out."""
    folder = directory / "artifacts" / name
    if not folder.is_dir():
        return
    try:
        actual, files = folder_hash(folder), file_sizes(folder)
    except (BenchError, OSError) as error:
        yield Problem(f"artifacts/{name}", f"unreadable: {one_line(error)}")
        return
    if actual != name:
        yield Problem(f"artifacts/{name}", f"its content has the hash {actual}: a file was altered, added or lost")
        return
    for size, where in ((r.size, f"results/{r.run_id}/result.json") for r in results):
        if size is not None:
            yield from compared(where, "size.bytes_on_disk", size.bytes_on_disk, sum(files.values()))
            yield from compared(where, "size.files", size.files, files) if size.files is not None else ()


def _check_search(path: Path) -> Iterator[Problem]:
    """A study's summary against its own trials."""
    from bench.search.summary import disagreements, read_summary

    where = f"searches/{path.name}"
    try:
        yield from (Problem(where, what) for what in disagreements(read_summary(path)))
    except BenchError as error:
        yield Problem(where, str(error).removeprefix(f"{path}").removeprefix(": ").strip())


def _note_sizes(results: Sequence[Result], manifest: Manifest, note: Note) -> None:
    sized = [result for result in results if result.size and result.identity.artifact not in manifest.artifacts]
    if sized:
        note(f"sizes of {_some([result.run_id for result in sized])} without a list of files: not checked")


def _some(run_ids: Sequence[str]) -> str:
    """`12 runs (a, b, c, …)`."""
    shown = ", ".join(run_ids[:3]) + (", …" if len(run_ids) > 3 else "")
    return f"{len(run_ids)} run{'' if len(run_ids) == 1 else 's'} ({shown})"
