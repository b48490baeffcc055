"""The page of a large report: how long it takes to build, to appear, and to answer.

    python -m benchmarks.report_page 10 1000

For each number a store of synthetic results is written and reported by `bench report` in a fresh process; headless
Chromium opens the page. A click is timed inside the page, from the event to the drawn frame. The ten questions of
`tests/report/questions.py` are asked of a page of seven models as somebody would, steps and waiting included.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.report.build import build
from bench.store import Store
from benchmarks.report_scale import timed, write_store
from tests.report.lineages import hard, lineages
from tests.report.questions import QUESTIONS

CHROMIUM = "/usr/bin/chromium"
CLICKS = {
    "another axis": "#chart button",
    "another choice": "#presets button",
    "a family": "#models .chips button",
    "a model's row": "#models tbody button.plain",
    "a model pinned": "#models .pin",
    "another data set": "#chooser .chips:not(#presets) button",
}
TRIES = 10
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
CLICK = """selector => new Promise(done => {
  const all = [...document.querySelectorAll(selector)].filter(one => !one.disabled);
  const before = performance.now();
  all[Math.floor(Math.random() * all.length)].click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - before)));
})"""


def of_page(page: Page, file: Path) -> None:
    """Print what the page of `file` weighs and how it answers."""
    started = time.perf_counter()
    page.goto(file.as_uri())
    page.locator("#answer h2").wait_for()
    ready = time.perf_counter() - started
    nodes, paint = page.evaluate("document.getElementsByTagName('*').length"), page.evaluate(PAINT)
    print(f"  {file.stat().st_size / 1e6:.2f} MB, {nodes:,} nodes, first paint {paint:.0f} ms, answer {ready:.2f} s")
    for name, selector in CLICKS.items():
        if page.locator(f"{selector}:enabled").count():
            taken = [page.evaluate(CLICK, selector) for _ in range(TRIES)]
            print(f"  {name}: {statistics.median(taken):.0f} ms, at most {max(taken):.0f} ms")


def questions(page: Page, folder: Path) -> None:
    """Print steps and seconds of each question."""
    store = Store(folder / "small")
    lineages(store)
    hard(store)
    address = build(store, folder / "reports", texts=False).page.as_uri()
    for question in QUESTIONS:
        page.goto("about:blank")
        started = time.perf_counter()
        page.goto(address)
        for step in question.steps:
            step(page)
        page.locator(question.read).filter(has_text=question.expected).first.wait_for()
        print(f"  {question.asked} {len(question.steps)} steps, {time.perf_counter() - started:.2f} s")


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, folder = browser.new_page(), Path(name)
        for count in [int(argument) for argument in sys.argv[1:]] or [10, 1_000]:
            store, out = Store(folder / f"{count}"), folder / f"reports-{count}"
            write_store(store, count)
            seconds, megabytes = timed(["report", "--store", str(store.root), "--out", str(out)])
            print(f"{count} runs: built in {seconds:.1f} s, {megabytes} MB peak")
            of_page(page, out / "index.html")
        print("ten questions, opening the page each time:")
        questions(page, folder)
        browser.close()


if __name__ == "__main__":
    main()
