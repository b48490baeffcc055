"""Writes `docs/reference/`, recipes, commands and results schema as the code has them, and `performance.md`.

python docs/generate.py
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import typer
from pydantic import BaseModel
from typer.cli import get_docs_for_click

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs"
sys.path.insert(0, str(ROOT))

from bench.cli import app  # noqa: E402
from bench.recipe_help import parameters  # noqa: E402
from bench.registry import load_recipe, recipe_files  # noqa: E402
from bench.schema import Result  # noqa: E402
from benchmarks import record  # noqa: E402
from benchmarks.advantage import Advantage, shown  # noqa: E402

MADE = "<!-- made by docs/generate.py -->\n"


def recipes() -> str:
    """Every recipe with its parameters."""
    lines = [
        MADE,
        "# Recipes",
        "",
        "Of each parameter its default and its meaning. `-r 'lstm[units=128]'` sets one.",
        "",
    ]
    for name in sorted(recipe_files()):
        recipe = load_recipe(name)
        lines += [f"## {name}", "", inspect.getdoc(type(recipe)) or "", ""]
        rows = [(f"`{p.name}`", p.kind, f"`{p.default}`" if p.default else "", p.meaning) for p in parameters(recipe)]
        lines += table(("parameter", "type", "default", "meaning"), rows)
    return "\n".join(lines)


def commands() -> str:
    """Every command with its options, as Typer writes them; examples as code, summaries whole."""
    click = typer.main.get_command(app)
    text = get_docs_for_click(obj=click, ctx=typer.Context(click), name="python -m bench")
    for name, command in getattr(click, "commands", {}).items():
        about = (command.help or "").split("\n\n")[0].replace("\n", " ")
        text = re.sub(rf"^\* `{name}`: .*$", f"* `{name}`: {about}".replace("\\", r"\\"), text, flags=re.MULTILINE)
    text = re.sub(r"\*\*Usage\*\*:\n\n```console\n\$ (.*)\n```", r"Usage: `\1`", text)
    text = re.sub(r"(?:\[dim\].*\[/\]\n+)+", _examples, text)
    return MADE + "\n" + re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _examples(found: re.Match[str]) -> str:
    lines = [line.replace("\\[", "[") for line in re.findall(r"\[dim\](.*)\[/\]", found[0])]
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```", "", ""])


def schema() -> str:
    """Every field of a result."""
    lines = [MADE, "# The results schema", "", inspect.getdoc(sys.modules["bench.schema"]) or "", ""]
    for model in blocks(Result):
        lines += [f"## {model.__name__}", "", inspect.getdoc(model) or "", ""]
        rows = [
            (f"`{name}`", f"`{kind(field.annotation)}`", field.description or "")
            for name, field in model.model_fields.items()
        ]
        lines += table(("field", "type", "meaning"), rows)
    return "\n".join(lines)


def blocks(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those that its fields are of, each once, from the outside in."""
    waiting, seen = [model], {model}
    while waiting:
        yield (one := waiting.pop(0))
        for field in one.model_fields.values():
            for inner in inside(field.annotation):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def inside(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from inside(argument)


def kind(annotation: object) -> str:
    """An annotation in few characters: `list[Latency]`, `float | None`."""
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    text = re.sub(r"Annotated\[(\w+), [^\]]*\]", r"\1", text)
    return re.sub(r"^Optional\[(.*)\]$", r"\1 | None", re.sub(r"\b(?:\w+\.)+(?=\w)", "", text))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """In Markdown, and an empty line; nothing without rows."""
    if not rows:
        return []
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [[*header], ["---"] * len(header), *cells]] + [""]


PEERS = "Beside what others use"
SECTIONS = {
    "From nothing": ("from_nothing",),
    "The harness": ("harness_overhead", "executor_overhead", "data_memory", "files_as_they_come"),
    "Timing": ("same_artifact", "busy_neighbour"),
    "Training": (
        "baselines_training", "finetune_throughput", "frameworks_training", "pretraining_throughput", "distill_cache",
        "lora_update",
    ),
    "Smaller models": ("int8_speed", "pruned_latency"),
    "Serving": ("http_load", "batch_serving", "batch_shapes", "runtime_settings", "graph_tokenizers", "ray_scoring"),
    "Boards and reports": ("board_statistics", "report_scale", "report_page", "store_scale", "verify_speed"),
    PEERS: ("peers", "peer_sentence_transformers", "peer_litserve", "peer_olive"),
}  # fmt: skip
"""Where each script of `benchmarks/` stands on the page."""
INTRODUCTION = """What the software itself costs and, where there is a peer, what it gains beside it: what the scripts
in `benchmarks/` printed, on which machine and beside which load. Ratios are of one run of the script. No test asserts a
time; how models are timed is told in [measuring](measuring.md).

`python -m benchmarks.record NAME …` runs one and keeps what it said in `benchmarks/results/`; `make docs` writes this
page."""


def performance() -> str:
    """What each recorded benchmark said, where and when; of those without a record the names."""
    records = [record.Record.model_validate_json(path.read_bytes()) for path in sorted(record.RESULTS.glob("*.json"))]
    lines = [MADE, "# Performance", "", INTRODUCTION, ""]
    for section, names in SECTIONS.items():
        lines += [f"## {section}", "", *(peers(records) if section == PEERS else [])]
        for name in names:
            taken = sorted((one for one in records if one.benchmark == name), key=lambda one: one.taken_at is None)
            source = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
            about = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].replace("\n", " ")
            lines += [f"### {name}", "", about, "", *(["No record yet.", ""] if not taken else [])]
            lines += [line for one in taken for line in _taken(one)]
    return "\n".join(lines)


def peers(records: Sequence[record.Record]) -> list[str]:
    """A line a ratio of the last session: what was recorded in one go."""
    last = max((one.session for one in records if one.session), default=None)
    if not last:
        return []
    lines = [line for one in records if one.session == last for line in one.said]
    rows = [(a.ours, a.peer, a.figure, shown(a.by), a.verdict) for a in map(Advantage.read, lines) if a]
    began = f"{last[:16].replace('T', ' ')} UTC"
    when = (
        f"Taken in one session, which began {began}. More than 1 is ahead. How long those of `peers` trained is told "
        "by their rows: it was before the session, beside other work."
    )
    return [when, "", *table(("this project", "beside", "in", "ratio (95 % interval)", ""), rows)]


def _taken(one: record.Record) -> list[str]:
    when = f"{one.taken_at[:16].replace('T', ' ')} UTC" if one.taken_at else one.note
    load = "" if one.other_load is None else f"; others kept {one.other_load:.1f} cores busy"
    command = " ".join(["python -m benchmarks." + one.benchmark, *one.arguments])
    tables = any(line.startswith("|") for line in one.said)
    said = ["", *one.said, ""] if tables else ["", "```", *one.said, "```", ""]
    note = f" {one.note}" if one.taken_at and one.note else ""
    return [f"`{command}`: {when}; {one.machine}{load}.{note}", *said]


PAGES = {
    "reference/recipes.md": recipes,
    "reference/commands.md": commands,
    "reference/schema.md": schema,
    "performance.md": performance,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make(), encoding="utf-8")
        print(FOLDER.relative_to(ROOT) / page)
