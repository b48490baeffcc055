"""A report: from a store to a folder with tables, figures, one page and the raw results behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.board.row import Row
from bench.board.rows import counted, stored_rows
from bench.confidence.storage import CONFIDENCE
from bench.durable import write_atomic
from bench.errors import BenchError, StoreError
from bench.noise_floor import FILE as NOISE_FLOORS
from bench.noise_floor import read_noise_floors, write_noise_floors
from bench.report.contents import PAGE, TEXT_FILES, Contents, Selection, Watch, contents, unwatched
from bench.report.figures.style import write_png
from bench.report.manifest import OWNED, write_manifest
from bench.report.publish import copy_results, copy_summaries, published_rows
from bench.robustness.evaluation import ROBUSTNESS
from bench.slices.evaluation import SLICES
from bench.store import Store

TITLE = b"<title>Sentibench"
"""What tells a report from any other page."""
EARLIER = "report.html"
"""What the page was called once: it goes with the report that it was of."""


@dataclass(frozen=True)
class Built:
    """What `build` wrote."""

    page: Path
    runs: int
    figures: int
    warnings: tuple[str, ...]


def build(store: Store, out: Path, texts: bool, watch: Watch = unwatched, figures: bool = False) -> Built:
    """Write a report into `out`: the raw files first, then what is made of them alone, last their manifest.

    `texts` allows texts of the data sets in the page; `watch` wraps what takes long, for a progress bar; `figures`
    draws the PNG files as well.
    Raises BenchError for an empty store and for a folder with files of others under these names, StoreError where
    `out` cannot be written.
    """
    _refuse_foreign(out)
    rows = stored_rows(store)
    published = published_rows(rows)
    copied = copy_results(store, published, out)
    _copy_beside(store, rows, out)
    foreign = _foreign(copied.foreign)
    selection = Selection(
        run_ids=tuple(sorted(row.run_id for row in published)),
        studies=tuple(copy_summaries(store, out)),
        superseded=_left_out(rows),
        texts=texts,
        foreign=foreign,
    )
    shown = contents(out, store.prepared, selection, watch)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    drawn = _draw(shown, out / "figures", watch) if figures else _draw_none(out / "figures")
    files = shown.text_files(made_at)
    for name in TEXT_FILES:
        if name in files:
            write_atomic(out / name, files[name].encode())
        else:
            (out / name).unlink(missing_ok=True)
    (out / EARLIER).unlink(missing_ok=True)
    write_manifest(out, shown, store.artifacts, made_at, figures)
    return Built(out / PAGE, len(counted(rows)), drawn, (foreign,) if foreign else ())


def _refuse_foreign(out: Path) -> None:
    """What is replaced or removed must be of an earlier report: whole, or of one that was killed."""
    pages = [out / name for name in (PAGE, EARLIER) if (out / name).exists()]
    whole = bool(pages) and all(page.is_file() and TITLE in page.read_bytes()[:4096] for page in pages)
    begun = not pages and any(out.glob("results/*/result.json"))
    there = [
        n for n in (*OWNED, EARLIER) if (out / n).is_file() or any(path.is_file() for path in (out / n).rglob("*"))
    ]
    if there and not whole and not begun:
        raise BenchError(f"--out {out} holds '{there[0]}', which is of no earlier report: choose another folder")


def _copy_beside(store: Store, rows: list[Row], out: Path) -> None:
    """What was found of the runs besides their results."""
    if floors := read_noise_floors(store.root):
        write_noise_floors(out, floors)
    else:
        (out / NOISE_FLOORS).unlink(missing_ok=True)
    run_ids = {row.run_id for row in counted(rows)}
    for evaluations in (ROBUSTNESS, CONFIDENCE, SLICES):
        evaluations.publish(store.root, run_ids, out)


def _left_out(rows: list[Row]) -> dict[str, int]:
    boards = [row.board for row in rows if row.superseded]
    return {board: boards.count(board) for board in sorted(set(boards))}


def _draw(shown: Contents, folder: Path, watch: Watch) -> int:
    """The PNG files, and how many; those of an earlier report, which would show what is no longer in this one, go."""
    from bench.data.draw import draw_description

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for drawing in watch(shown.drawings, "figures"):
            write_png(drawing, folder / f"{drawing.stem}.png")
    except OSError as error:
        raise StoreError(f"cannot write to {folder}: {error.strerror}; free space or choose another --out") from error
    for stem, description in shown.descriptions.items():
        draw_description(description, folder / f"{stem}.png")
    stems = {drawing.stem for drawing in shown.drawings} | shown.descriptions.keys()
    for path in folder.glob("*.png"):
        if path.stem not in stems:
            path.unlink()
    return len(stems)


def _draw_none(folder: Path) -> int:
    """Figures of an earlier report show what this one may not: they go."""
    for path in folder.glob("*.png"):
        path.unlink()
    return 0


def _foreign(run_ids: tuple[str, ...]) -> str:
    if not run_ids:
        return ""
    some = ", ".join(run_ids[:3]) + (", …" if len(run_ids) > 3 else "")
    count = f"{len(run_ids)} run{'' if len(run_ids) == 1 else 's'}"
    return f"{count} in results/ are not of this store and not in this report: {some}; left as they are"
