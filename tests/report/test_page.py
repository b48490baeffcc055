"""The page in a real browser: what a reader asks of it, on a desktop, a phone, on paper and by keyboard."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.recommend.budget import Budget
from bench.recommend.candidates import field_of
from bench.recommend.choice import recommend
from bench.report.build import build
from bench.store import Store
from tests.conftest import run_bench
from tests.report.lineages import hard, lineages
from tests.report.questions import MOST_STEPS, QUESTIONS, Question
from tests.report.synthetic import Model, boards_of, grid, result
from tests.tweets import SEPARATED, write_tweets

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: apt-get install chromium")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NODES = "document.getElementsByTagName('*').length"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("page") / "store")
    lineages(made)
    hard(made)
    return made


@pytest.fixture(scope="module")
def address(store: Store) -> str:
    return build(store, store.root.parent / "reports", texts=False).page.as_uri()


@pytest.fixture(scope="module")
def board(store: Store) -> Board:
    return next(board for board in boards_of(store) if board.name == "emotions")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Opened on a desktop; whatever a test does, nothing may be fetched and no script may fail."""
    with opened(browser, address, DESKTOP) as one:
        yield one


class opened:
    """A page that is watched."""

    def __init__(self, browser: Browser, address: str, size: Any, **options: Any) -> None:
        self.context = browser.new_context(viewport=size, **options)
        self.page = self.context.new_page()
        self.address, self.said, self.asked = address, list[str](), list[str]()
        self.page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def __enter__(self) -> Page:
        self.page.goto(self.address)
        self.page.locator("#about").filter(has_text=" runs, ").wait_for()  # its data is unzipped
        return self.page

    def __exit__(self, *raised: object) -> None:
        asked = {url.partition("#")[0] for url in self.asked if not url.startswith(("data:", "blob:"))}
        self.context.close()
        assert self.said == []
        assert asked == {self.address.partition("#")[0]}


def answer(page: Page) -> str:
    return page.locator("#answer h2").inner_text().strip()


def row(page: Page, title: str) -> Any:
    return page.locator("#models tbody tr").filter(has=page.get_by_role("button", name=title, exact=True))


def test_it_answers_at_once_and_is_small(page: Page) -> None:
    assert "Made" in page.locator("#about").inner_text() and page.evaluate(NODES) < 6_000
    expect(page.locator("#answer code").first).to_contain_text("python -m serving http emotions-")
    titles = page.locator("#models tbody div.model button.plain").all_inner_texts()
    assert "TinyBERT-4 · pruned 60 % · ONNX int8" in titles and "Static look-up · distilled" in titles


def test_a_model_is_one_line_of_the_table(browser: Browser, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    lineages(store, seeds=1)
    made, arrays = result(Model("distill", "student=lstm[units=64],alpha=0.0", "compression"), n=300, run_id="control")
    store.put(made.model_copy(update={"parent_run_id": "emotions-finetune-s0"}), arrays)
    with opened(browser, build(store, tmp_path / "reports", texts=False).page.as_uri(), DESKTOP) as page:
        rows = page.locator("#models tbody tr").all()
        assert len(rows) == 8 and all(row.bounding_box()["height"] < 45 for row in rows)
        box = "[...document.querySelectorAll('#models .box')].every(box => box.scrollWidth <= box.clientWidth)"
        assert page.evaluate(box), "no column is off the screen"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asked)
def test_a_question_is_answered_in_three_steps(page: Page, question: Question) -> None:
    assert len(question.steps) <= MOST_STEPS
    for step in question.steps:
        step(page)
    expect(page.locator(question.read).first).to_contain_text(question.expected)


@pytest.mark.parametrize("limits", [{"ms": 1}, {"mb": 5, "ms": 1}, {"mb": 25}, {"ms": 0.5}, {"ms": 0.01}, {"rss": 305}])
def test_bounds_give_what_recommend_gives(page: Page, store: Store, board: Board, limits: dict[str, float]) -> None:
    names: Any = {"ms": "latency", "mb": "size", "rss": "memory"}
    for name, most in limits.items():
        page.get_by_label(
            {"ms": "at most, ms a text", "mb": "at most, MB", "rss": "at most, MB memory"}[name], exact=True
        ).fill(str(most))
    budget = Budget({names[name]: most for name, most in limits.items()})
    predictions = Predictions(store, rows(store.read_all()))
    choice = recommend(field_of(board, predictions, store, (), budget, None), store).choice
    assert choice is not None and answer(page) == choice.candidate.line.title
    assert all(f"{name}={most:g}" in page.url for name, most in limits.items())
    over = page.locator("#chart g.grey").count()
    assert over == sum(
        any(beyond(line, name, most) for name, most in limits.items())
        for line in board.ok_lines
        if line.score >= board.floor
    )


def beyond(line: Line, name: str, most: float) -> bool:
    value = {"ms": line.values.p50_ms_b1, "mb": (line.values.bytes_on_disk or 0) / 1e6, "rss": line.values.peak_rss_mb}[
        name
    ]
    return value is None or value > most


def test_bounds_that_nothing_keeps_to_name_the_nearest(page: Page) -> None:
    page.get_by_label("at most, MB", exact=True).fill("0.000001")
    expect(page.locator("#answer h2")).to_have_text("No model keeps to these bounds")
    expect(page.locator("#answer li").first).to_contain_text("MB")


def test_without_bounds_it_says_what_validation_says(page: Page, store: Store, board: Board) -> None:
    from bench.board.advice import choice

    held = Inference(board.ok_lines, Predictions(store, rows(store.read_all())), board.metric, "validation")
    chosen = choice(board, held)
    assert chosen is not None and answer(page) == chosen.line.title
    page.get_by_role("button", name="most accurate").click()
    assert answer(page) == chosen.near[0].title


def test_the_chart_changes_its_axis_and_names_its_front(page: Page) -> None:
    page.get_by_role("button", name="size", exact=True).click()
    expect(page.locator("#chart h2")).to_contain_text("megabytes on disk")
    assert page.locator("#chart text.name").count() >= 2 and "x=mb" in page.url
    page.get_by_role("button", name="price", exact=True).click()
    expect(page.locator("#chart")).to_contain_text("an unchecked list of prices")


def test_two_pinned_models_are_compared_as_python_compares_them(page: Page, store: Store, board: Board) -> None:
    first, second = "LSTM", "TinyBERT-4 · pruned 60 % · ONNX int8"
    for title in (first, second):
        page.get_by_role("button", name=f"compare {title}", exact=True).click()
    test = Inference(board.ok_lines, Predictions(store, rows(store.read_all())), board.metric)
    lines = {line.title: line for line in board.ok_lines}
    a, b = (test.subject(lines[title]) for title in (first, second))
    assert a and b
    gap = test.difference(a, b)
    low, high = gap.interval()
    text = page.locator("#compare").inner_text()
    assert f"{gap.value:+.3f} ({low:+.3f} to {high:+.3f})" in text.replace("−", "-")
    flipped = test.flips(a, b)
    assert f"{flipped.corrections:.0f} corrections" in text
    page.get_by_text("Texts that flip").click()
    right = (a.right.mean(axis=0) >= 0.5, b.right.mean(axis=0) >= 0.5)
    expect(page.locator("#compare")).to_contain_text(f"Right in the second alone: {(~right[0] & right[1]).sum()} texts")
    page.get_by_role("button", name="swap").click()
    assert f"{-gap.value:+.3f} ({-high:+.3f} to {-low:+.3f})" in page.locator("#compare").inner_text().replace("−", "-")


def test_texts_that_flip_are_counted_whole_and_listed_in_part(page: Page, address: str, store: Store) -> None:
    page.goto(f"{address}#d=large&pin=large-linear,large-lstm")
    page.get_by_text("Texts that flip").click()
    first, second = (store.arrays(run, "predictions") for run in ("large-linear", "large-lstm"))
    a, b = (of["probabilities"].argmax(axis=1) == of["labels"] for of in (first, second))
    for side, flipped in (("first", a & ~b), ("second", ~a & b)):
        part = page.locator("#compare .two div").filter(has_text=f"Right in the {side} alone: {flipped.sum()} texts")
        expect(part).to_contain_text(f"shown: 40 of {flipped.sum()}")
        listed = part.locator("li .mono").all_inner_texts()
        assert listed == [str(name) for name in first["ids"][flipped][:40]]
    expect(page.locator("#compare")).to_contain_text("Row ids only")


def test_the_table_searches_filters_sorts_and_saves(page: Page, board: Board) -> None:
    page.get_by_label("find").fill("int8")
    expect(page.locator("#models tbody tr")).to_have_count(1)
    page.get_by_label("find").fill("")
    page.get_by_role("button", name="Transformers").click()
    expect(page.locator("#models tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Transformers").click()
    page.get_by_label("not shown worse than the best alone").check()
    expect(page.locator("#models tbody tr")).to_have_count(len(board.tied))
    page.get_by_label("not shown worse than the best alone").uncheck()
    page.get_by_role("button", name="MB", exact=True).click()
    assert page.locator("#models tbody tr").first.inner_text().startswith("Constant")
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV of these").click()
    with Path(saved.value.path()).open() as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(board.lines) and {line["model"] for line in read} == {line.title for line in board.lines}


def test_a_name_tells_how_its_model_is_made(page: Page) -> None:
    page.get_by_role("button", name="TinyBERT-4 · pruned 60 % · ONNX int8", exact=True).click()
    made = page.locator("td.detail pre").inner_text().splitlines()
    assert [line.split("-r ")[1].split("[")[0].strip("'") for line in made] == ["finetune", "prune", "quantize"]
    assert made[0].endswith("-d emotions --seeds 0") and made[2].endswith("--parent emotions-prune-s0")


def test_an_address_holds_the_whole_view_and_back_leads_back(page: Page, address: str, browser: Browser) -> None:
    page.get_by_label("at most, ms a text").fill("1")
    page.get_by_role("button", name="size", exact=True).click()
    page.get_by_role("button", name="compare LSTM", exact=True).click()
    with opened(browser, page.url, DESKTOP) as again:
        for part in ("#answer", "#chart h2", "#compare"):
            assert again.locator(part).inner_text() == page.locator(part).inner_text()
    page.get_by_role("button", name="rtl").click()
    expect(page.locator("#models h2")).to_contain_text("rtl")
    page.go_back()
    expect(page.locator("#models h2")).to_contain_text("emotions")


def test_every_run_has_a_page_with_every_field(page: Page, address: str) -> None:
    page.goto(f"{address}#run=emotions-prune-s1")
    text = page.locator("#run").inner_text()
    assert "emotions-finetune-s1" in text and "emotions-quantize-s1" in text and "texts per s b32" in text
    page.get_by_role("link", name="emotions-finetune-s1").first.click()
    expect(page.locator("#run h2")).to_have_text("emotions-finetune-s1")
    page.get_by_role("link", name="← all models").click()
    expect(page.locator("#answer h2")).to_be_visible()


def test_a_failed_run_without_a_log_is_shown(page: Page, address: str) -> None:
    page.goto(f"{address}#d=six")
    expect(page.locator("#models tr.failed")).to_contain_text("no reason recorded")
    page.goto(f"{address}#run=six-dnn--s0-failed")
    expect(page.locator("#run")).to_contain_text("No log of it is stored")


def test_six_texts_all_right_are_not_certain(page: Page, address: str) -> None:
    page.goto(f"{address}#d=six")
    text = page.locator("#models").inner_text() + page.locator("#answer").inner_text()
    assert "1.000–1.000" not in text and "1.000 to 1.000" not in text and "0.000 can be shown" not in text


@pytest.mark.parametrize(
    "dataset", ["<i>hostile</i>", "rtl", "many", "large", "untimed", "unvalidated", "six", "one", "nothing"]
)
def test_what_is_hard_to_show_is_shown(page: Page, dataset: str) -> None:
    page.get_by_role("button", name=dataset, exact=True).click()
    look_through(page, dataset)


def look_through(page: Page, dataset: str) -> None:
    """Press all that can be pressed on the page of a data set."""
    expect(page.locator("#models h2")).to_contain_text(dataset)
    assert len(answer(page)) > 3 and page.locator("#models tbody tr").count() >= 1
    for button in ("size", "memory", "throughput", "price", "latency"):
        page.get_by_role("button", name=button, exact=True).click()
    for pin in page.locator("#models .pin").all()[:2]:
        pin.click()
    for name in page.locator("#models div.model button.plain").all():
        name.click()
    for details in page.locator("summary").all():
        details.click()
    text = page.locator("main").inner_text()
    assert not any(f" {word} " in f" {text} " for word in ("undefined", "NaN", "null", "[object Object]"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_texts_of_several_labels_are_shown(browser: Browser, tmp_path: Path) -> None:
    write_tweets(tmp_path / "mine.csv")
    recipes = ("-r", "single_words", "-r", "single_words[least=120]")
    ran = run_bench(tmp_path, "run", *recipes, "-d", "mine.csv", *SEPARATED, "--measure", "none")
    assert ran.returncode == 0, ran.stderr
    address = build(Store(tmp_path / "store"), tmp_path / "out", texts=True).page.as_uri()
    with opened(browser, address, DESKTOP) as page:
        expect(page.locator("#chooser")).to_contain_text("macro-F1 (its own)")
        look_through(page, "mine")
        page.get_by_role("button", name="more columns").or_(page.get_by_label("more columns")).first.click()
        expect(page.locator("#models")).to_contain_text("micro-F1")


def test_rehearsals_stand_apart(page: Page) -> None:
    expect(page.locator("#chooser")).to_contain_text("rehearsals on a few rows:")
    assert page.locator("#chooser .chips button").all_inner_texts().index("one, 200 rows a split") > 7


def test_a_phone_shows_answer_scores_and_chart(browser: Browser, address: str) -> None:
    with opened(browser, address, PHONE, has_touch=True, is_mobile=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for cell in (page.locator("#models tbody td.score").first, page.locator("#chart svg[role=img]")):
            box = cell.bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        assert page.locator("#models tbody tr").first.bounding_box()["height"] < 100  # type: ignore[index]


def test_paper_shows_the_chart_and_all_rows(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.locator("#chart svg[role=img]")).to_be_visible()
    expect(page.locator("#chooser")).to_be_hidden()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between its margins
    assert page.evaluate("[...document.querySelectorAll('.box')].every(box => box.scrollWidth <= box.clientWidth)")
    assert len(page.pdf().split(b"/Type /Page\n")) - 1 <= 5 or page.pdf().count(b"/Type /Page") <= 10


def test_it_goes_by_keyboard(page: Page) -> None:
    page.locator("#chart svg[role=img]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    said = page.locator("#chart .said").inner_text()
    assert "ms" in said and "MB" in said
    page.keyboard.press("Enter")
    expect(page.locator("#compare")).to_contain_text(f"{said.split(':')[0]} is pinned")
    page.get_by_label("at most, ms a text").press_sequentially("0.9")
    expect(page.get_by_label("at most, ms a text")).to_have_value("0.9")
    page.get_by_role("button", name="LSTM", exact=True).press("Enter")
    expect(page.locator("td.detail")).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: Any, size: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(
        browser, f"{address}#ms=1&pin=emotions-lstm-s0,emotions-finetune-s0", size, color_scheme=scheme
    ) as page:
        page.get_by_role("button", name="LSTM", exact=True).click()
        for details in page.locator("summary").all():
            details.click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.goto(f"{address}#run=emotions-lstm-s0")
        assert Axe().run(page).violations_count == 0


@pytest.mark.parametrize("runs", [10, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_runs_stay_small_and_quick(browser: Browser, tmp_path: Path, runs: int) -> None:
    store = Store(tmp_path / "store")
    sets, seeds = (("emotions", "imdb", "sst2", "toy"), 3) if runs > 100 else (("emotions",), 1)
    models = grid(-(-runs // (len(sets) * seeds)))
    for model in models:
        for dataset in sets:
            for seed in range(seeds):
                store.put(*result(model, seed, dataset, 60))
    built = build(store, tmp_path / "reports", texts=False)
    with opened(browser, built.page.as_uri(), DESKTOP) as page:
        assert page.evaluate(NODES) <= 6_000
        expect(page.locator("#models h2")).to_contain_text(f"{len(models)} models")
        page.get_by_label("at most, ms a text").fill("1")
        expect(page.locator("#answer .card")).to_contain_text("keep to the bounds")
