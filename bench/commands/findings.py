"""`bench findings`: what was tried, a page a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


def findings(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pages.")] = Path("docs/findings"),
    suite: Annotated[str, typer.Option(help="The suite whose models are marked as chosen.")] = "published",
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write a Markdown page a data set: every model that was tried and what validation said of it.

    A page that stands already keeps the rows of models whose runs are no longer stored.

    Examples:

      python -m bench findings

      python -m bench findings --suite mine.yaml --out findings
    """
    from bench.durable import write_atomic
    from bench.expand import suite_specs
    from bench.report.findings import findings as pages
    from bench.spec import load_suites
    from bench.stores import open_store

    specs = [spec for piece in load_suites(suite) for spec in suite_specs(piece)]
    before = {page.stem: page.read_text(encoding="utf-8") for page in out.glob("*.md")}
    for name, text in pages(open_store(store), specs, before).items():
        write_atomic(out / f"{name}.md", text.encode())
        print(out / f"{name}.md")
