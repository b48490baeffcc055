"""What the documentation says can be done: the tutorial runs, commands and options exist, links lead somewhere."""

from __future__ import annotations

import functools
import importlib
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.conftest import ROOT, bench_environment

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?:bash|sh|shell|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)")
MODULES = {"bench": "bench.cli", "serving": "serving.cli"}


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    plain = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)):
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve()
        headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        if not path.exists() or (anchor and anchor not in map(slug, headings)):
            broken.append(f"{target}#{anchor}" if anchor else target)
    assert not broken


@functools.cache
def command_line(module: str) -> Any:
    return typer.main.get_command(importlib.import_module(MODULES[module]).app)


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command of this project that a page shows in a block."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(
                r"(?:^|[ (])(?:python -m (\w+)|(sentibench))(?: (.*))?$", line.partition("  #")[0].strip()
            )
            if found and (found[1] in MODULES or found[2]):
                words = shlex.split((found[3] or "").partition(" #")[0].split("|")[0].rstrip(") "))
                yield [found[1] or "bench", *words]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_and_their_options_exist(page: Path) -> None:
    unknown = []
    for module, *words in commands(page):
        command = command_line(module)
        shown, known = " ".join([module, *words]), {"--help", "--store", "--install-completion"}
        while words and isinstance(command, typer.core.TyperGroup) and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if isinstance(command, typer.core.TyperGroup) and words and not words[0].startswith("-"):
            unknown.append(f"{shown}: no verb {words[0]}")
        known |= {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        unknown += [f"{shown}: {w}" for w in words if re.match(r"-{1,2}[a-z]", w) and w.partition("=")[0] not in known]
    assert not unknown


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 120
    paragraphs = re.sub(r"```.*?```|^\|.*$", "", text, flags=re.DOTALL | re.MULTILINE).split("\n\n")
    long = [part for paragraph in paragraphs for part in re.split(r"^- ", paragraph, flags=re.MULTILINE)
            if len(part.split()) > 60]  # fmt: skip
    assert not long


def test_the_tutorial_runs_as_printed(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    script = "set -e\n" + "\n".join(BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")))
    environment = bench_environment(tmp_path) | {"SENTIBENCH_RECIPES": ""}
    del environment["SENTIBENCH_STORE"]
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "tutorial" / "scored.csv").read_text().splitlines()) == 3
    assert (tmp_path / "tutorial" / "report" / "index.html").exists()
    assert "all numbers agree" in done.stdout


def test_the_reference_is_that_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    differing = [
        page for page, make in made["PAGES"].items() if (made["FOLDER"] / page).read_text(encoding="utf-8") != make()
    ]
    assert not differing, "`make docs` writes these pages"


def test_every_benchmark_has_its_place_on_the_page_of_performance() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    placed = [name for names in made["SECTIONS"].values() for name in names]
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"record", "advantage", "__init__"}
    assert sorted(placed) == sorted(scripts)


def test_a_record_of_a_benchmark_holds_what_it_said(tmp_path: Path) -> None:
    """In a copy of the folder, as a record is written beside its script."""
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    (tmp_path / "benchmarks" / "brief.py").write_text("import sys\nprint('| a |')\nprint(*sys.argv[1:])\n")
    environment = bench_environment(tmp_path) | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", "benchmarks.record", "brief", "--store", "/some/where/store", "2"]
    done = subprocess.run([*command, "+", "brief", "7"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "benchmarks" / "results" / "brief-store-store-2.json").read_text())
    assert kept["said"] == ["| a |", "--store /some/where/store 2"] and kept["arguments"] == ["--store", "store", "2"]
    assert kept["taken_at"] and kept["machine"] and kept["other_load"] >= 0
    beside = json.loads((tmp_path / "benchmarks" / "results" / "brief-7.json").read_text())
    assert beside["said"] == ["| a |", "7"] and beside["session"] == kept["session"] <= kept["taken_at"]


def test_what_it_takes_from_nothing_is_counted_in_a_clean_environment(tmp_path: Path) -> None:
    environment = bench_environment(tmp_path) | {"MAKEFLAGS": "--unknown-option-of-the-caller"}
    command = [sys.executable, "-m", "benchmarks.from_nothing", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^make bench: \d+\.\d minutes, exit code 0; ", done.stdout, re.MULTILINE), done.stdout
    assert "-m venv .venv" in done.stderr and "bench run quick" in done.stderr and "pytest" in done.stderr
