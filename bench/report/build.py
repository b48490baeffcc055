"""A report: from a store to a folder with tables, figures, one page and the raw results behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.board.across import across
from bench.board.advice import advice
from bench.board.aggregate import boards
from bench.board.facts import facts
from bench.board.family import families
from bench.board.inference import Inference
from bench.board.leaderboard import Board
from bench.board.mistakes import mistakes
from bench.board.predictions import Predictions, best_of_each_recipe
from bench.board.rows import counted, stored_rows
from bench.board.table import csv_text
from bench.confidence import storage as confidences
from bench.durable import write_atomic
from bench.errors import BenchError, StoreError
from bench.noise_floor import read_noise_floors, write_noise_floors
from bench.palette import Palette
from bench.report import confidence, robustness
from bench.report.html import BoardPage, render, strip_axis
from bench.report.plots.across import Ranks
from bench.report.plots.confusion import confusion
from bench.report.plots.frontier import LATENCY, SIZE, frontier
from bench.report.plots.learning import learning
from bench.report.plots.per_class import per_class
from bench.report.plots.reliability import reliability
from bench.report.plots.style import Drawing, slug, write_png
from bench.report.plots.sweep import sweeps
from bench.report.provenance import Provenance
from bench.report.publish import copy_results, published_rows
from bench.report.search_page import copy_summaries, search_pages
from bench.report.tables import markdown
from bench.robustness import storage as behaviours
from bench.store import Store

TITLE = b"<title>Sentibench report</title>"
"""What tells a report from any other page."""
Watch = Callable[[Iterable[Board]], Iterable[Board]]


@dataclass(frozen=True)
class Built:
    """What `build` wrote."""

    page: Path
    runs: int
    figures: int
    warnings: tuple[str, ...]


def build(store: Store, out: Path, texts: bool, watch: Watch = iter) -> Built:
    """Write `results.csv`, `leaderboard.md`, `figures/`, `report.html`, `results/` and `searches/` into `out`.

    And `robustness.md` and `confidence.md` of models that were tested and calibrated.

    `texts` allows texts of the data sets in the page; `watch` wraps the leaderboards, for a progress bar.
    Raises BenchError for an empty store and for a folder with files of others under these names, StoreError where
    `out` cannot be written.
    """
    _refuse_foreign(out)
    provenance = Provenance()
    rows = stored_rows(store, provenance.watch)
    copied = copy_results(store, published_rows(rows), out)
    floors = read_noise_floors(store.root)
    if floors:
        write_noise_floors(out, floors)
    predictions = Predictions(store, rows)
    leaderboards = boards(rows, predictions, floors)
    palette = Palette.of(line for board in leaderboards for line in board.lines)
    pages, drawn = [], set()
    for board in watch(leaderboards):
        of_board = _page(board, predictions, store, palette, texts)
        drawn |= _save(of_board, out / "figures")
        pages.append(of_board)
    compared = across(leaderboards, predictions)
    ranks = Ranks(compared) if compared else None
    drawn |= _draw([ranks] if ranks else [], out / "figures")
    searches = search_pages(store)
    copy_summaries(searches, store, out)
    for search in searches:
        drawn |= _draw(search.drawings, out / "figures")
    _remove_others(out / "figures", drawn)
    foreign = _foreign(copied.foreign, out)
    write_atomic(out / "results.csv", csv_text(counted(rows)).encode())
    write_atomic(out / "leaderboard.md", markdown(leaderboards).encode())
    run_ids = {row.run_id for row in counted(rows)}
    if tested := behaviours.publish(store.root, run_ids, out):
        write_atomic(out / "robustness.md", robustness.markdown(tested).encode())
    if fitted := confidences.publish(store.root, run_ids, out):
        write_atomic(out / "confidence.md", confidence.markdown(fitted).encode())
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    page = render(rows, pages, searches, palette, provenance, made, foreign, ranks)
    write_atomic(out / "report.html", page.encode())
    return Built(out / "report.html", len(counted(rows)), len(drawn), (foreign,) if foreign else ())


def _refuse_foreign(out: Path) -> None:
    """What is replaced or removed must be of an earlier report: whole, or of one that was killed."""
    page = out / "report.html"
    whole = page.is_file() and TITLE in page.read_bytes()[:4096]
    begun = not page.exists() and any(out.glob("results/*/result.json"))
    names = (
        "report.html", "results.csv", "leaderboard.md", "robustness.md", "confidence.md", "results", "splits",
        "searches", "figures",
    )  # fmt: skip
    there = [n for n in names if (out / n).is_file() or any(path.is_file() for path in (out / n).rglob("*"))]
    if there and not whole and not begun:
        raise BenchError(f"--out {out} holds '{there[0]}', which is of no earlier report: choose another folder")


def _page(board: Board, predictions: Predictions, store: Store, palette: Palette, texts: bool) -> BoardPage:
    from bench.report.dataset_page import dataset_page, test_texts

    shown = best_of_each_recipe(board, predictions)
    by_id = test_texts(board, store) if texts else {}
    return BoardPage(
        board=board,
        anchor=f"board-{slug(board.name)}",
        facts=facts(board),
        advice=advice(board, Inference(board.ok_lines, predictions, board.metric, "validation")),
        axis=strip_axis(board),
        frontiers=tuple(f for cost in (LATENCY, SIZE) if (f := frontier(board, cost, palette)) is not None),
        families=families(board, predictions),
        sweeps=sweeps(board),
        per_class=per_class(board.name, shown, palette),
        confusion=confusion(board.name, shown),
        reliability=reliability(board.name, shown, palette),
        learning=learning(board.name, shown, palette),
        mistakes=mistakes(shown, by_id),
        mistaken=shown[0].line.title if shown else "",
        mistakes_remark=_remark(texts, bool(by_id)),
        with_texts=bool(by_id),
        data=dataset_page(board, store),
    )


def _remark(allowed: bool, prepared: bool) -> str:
    """Why texts stand beside the mistakes, or why not."""
    if prepared:
        return "What many models get wrong with confidence is often a label that is wrong, or an ironic text."
    if not allowed:
        return "Row ids only: this report is made to be published, and the texts are not ours to publish."
    return "Row ids only: the data set is not prepared on this machine."


def _save(page: BoardPage, folder: Path) -> set[str]:
    """Draw the PNG files of a leaderboard and return their names."""
    from bench.data.draw import draw_description

    names = _draw(page.drawings, folder)
    if page.data:
        path = folder / f"{slug(page.board.name)}-data.png"
        names.add(draw_description(page.data.description, path).name)
    return names


def _draw(drawings: list[Drawing], folder: Path) -> set[str]:
    names = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for drawing in drawings:
            write_png(drawing, folder / f"{drawing.stem}.png")
            names.add(f"{drawing.stem}.png")
    except OSError as error:
        raise StoreError(f"cannot write to {folder}: {error.strerror}; free space or choose another --out") from error
    return names


def _remove_others(folder: Path, names: set[str]) -> None:
    """Figures of an earlier report would show what is no longer in this one."""
    for path in folder.glob("*.png"):
        if path.name not in names:
            path.unlink()


def _foreign(run_ids: tuple[str, ...], out: Path) -> str:
    if not run_ids:
        return ""
    some = ", ".join(run_ids[:3]) + (", …" if len(run_ids) > 3 else "")
    count = f"{len(run_ids)} run{'' if len(run_ids) == 1 else 's'}"
    return f"{count} in {out.name}/results are not of this store and not in this report: {some}; left as they are"
