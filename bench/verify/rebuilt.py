"""Tables, page and figures of a published folder, made again of its raw results and compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from bench.errors import BenchError
from bench.report.contents import PAGE, TEXT_FILES, Contents, Watch, contents
from bench.report.manifest import FILE, Manifest, figure_hashes, source_hash
from bench.verify.differences import Problem, compared
from bench.verify.page import said


def check_rebuilt(
    directory: Path, prepared: Path, manifest: Manifest, watch: Watch, note: Callable[[str], None]
) -> list[Problem]:
    """What differs from what the raw results give; `note` receives what could not be compared.

    What another version of the code made need not be what this one makes: then differences are no problems, but noted.
    """
    try:
        again = contents(directory, prepared, manifest.selection, watch)
    except BenchError as error:
        return [Problem(FILE, f"tables and figures cannot be made again: {error}")]
    unseen = _without_data(again, manifest)
    if unseen:
        note(f"the page's sections on the data of {', '.join(unseen)} were not made again: not prepared here")
    problems = [*_check_texts(directory, manifest, again, unseen), *_check_figures(manifest, again)]
    if problems and manifest.software.source != source_hash():
        files = sorted({problem.where for problem in problems})
        made_by = manifest.software.git_commit or f"version {manifest.software.version}"
        note(f"{', '.join(files)}: made by other code, {made_by[:12]}; this one makes others of the same results")
        return []
    return problems


def _without_data(again: Contents, manifest: Manifest) -> list[str]:
    """The leaderboards of data sets that are not prepared here, or were not where the report was made."""
    here = {page.board.name for page in again.pages if page.data}
    return [
        page.board.name
        for page in again.pages
        if (page.board.name in here) is not (page.board.name in manifest.described)
        or (manifest.texts and page.board.name not in here)
    ]


def _check_texts(directory: Path, manifest: Manifest, again: Contents, unseen: Collection[str]) -> Iterator[Problem]:
    due = again.text_files(manifest.made_at)
    for name in TEXT_FILES:
        path = directory / name
        if not path.is_file() or name not in due:
            if path.is_file() != (name in due):
                yield Problem(name, "removed: the results have something to say in it" if name in due else "added")
            continue
        text = path.read_bytes().decode(errors="replace")
        if name == PAGE:
            published, rebuilt = said(text, unseen), said(due[name], unseen)
            for section in dict.fromkeys([*published, *rebuilt]):
                yield from compared(name, section, published.get(section), rebuilt.get(section))
        elif name == "results.csv":  # its rows are compared in any folder
            columns, those_due = (some.partition("\n")[0].split(",") for some in (text, due[name]))
            yield from compared(name, "its columns", columns, those_due)
        elif name.endswith(".md"):
            yield from compared(name, "cells", _lines(text), _lines(due[name]))


def _lines(markdown: str) -> dict[str, str]:
    """Cells of tables by heading, row and column, other lines by their number."""
    found: dict[str, str] = {}
    heading, columns, row = "", list[str](), 0
    for number, line in enumerate(markdown.splitlines(), start=1):
        if line.startswith("#"):
            heading = line.strip("# ")
        if not line.startswith("| "):
            columns = columns if line.startswith("|") else []
            found[f"line {number}"] = line
            continue
        cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
        columns, row = (columns, row + 1) if columns else (cells, 0)
        for i, cell in enumerate(cells):
            found[f"{heading}, row {row}, {columns[i] if i < len(columns) else i}"] = cell
    return found


def _check_figures(manifest: Manifest, again: Contents) -> Iterator[Problem]:
    """Each by the hash of the data that it draws; of data sets only where they are described here and there.

    A report without figures has none to compare.
    """
    if not manifest.figures:
        return
    drawn = figure_hashes(again)
    of_data = {f"figures/{page.stem}.png" for page in again.pages}
    for path in sorted(drawn.keys() | manifest.figures.keys()):
        stored, now = manifest.figures.get(path), drawn.get(path)
        if stored == now or (path in of_data and (stored is None or now is None)):
            continue
        if now is None:
            yield Problem(path, "the results have no such figure")
        elif stored is None:
            yield Problem(path, f"{FILE} does not have this figure of the results")
        else:
            yield Problem(path, "it draws other data than the results have")
