"""Who imports whom, within functions too: no circle, and no arrow that docs/architecture.md does not allow."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("bench", "baselines", "compression", "sentibench", "serving", "tf_tinybert", "transformers_pt")
Graph = dict[str, set[str]]


@cache
def graph() -> Graph:
    """The modules of all packages, and which of them each imports."""
    files = {_name(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    return {name: _imported(path, set(files)) - {name} for name, path in files.items()}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: a relative import"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else str(node.module) for name in whole}
    return found & modules


def allowed(title: str) -> dict[str, set[str]]:
    """What each part may import, as the table under that title of docs/architecture.md has it."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition(f"### {title}")[2].partition("\n\n#")[0]
    rows = re.findall(r"^\| (`.+?`) \| (.*?) \|$", table, re.MULTILINE)
    return {part: set(re.findall(r"`(.+?)`", row)) for parts, row in rows for part in re.findall(r"`(.+?)`", parts)}


def test_no_circle() -> None:
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        raise AssertionError("modules import each other: " + " → ".join(reversed(error.args[1]))) from None


def test_arrows_within_bench_go_one_way() -> None:
    may = allowed("Arrows")
    assert "report" in may and "board" in may["report"], "the table of docs/architecture.md is gone"
    wrong = []
    for name, found in graph().items():
        for other in found if name.startswith("bench.") else ():
            source, target = name.split(".")[1], other.removeprefix("bench").removeprefix(".").partition(".")[0]
            arrow = f"{name} → {other}"
            if other.partition(".")[0] != "bench":
                wrong.append(f"{arrow}: bench imports none of its users")
            elif target in may and target != source and target not in may.get(source, set()):
                wrong.append(arrow)
    assert not wrong, "not in the table of docs/architecture.md:\n" + "\n".join(sorted(wrong))


def test_the_face_for_recipes_is_for_recipes() -> None:
    assert not [name for name, found in graph().items() if name.startswith("bench.") and "bench.api" in found]


def test_packages_reach_bench_through_its_doors() -> None:
    may = allowed("Doors")
    assert set(may) == set(PACKAGES) - {"bench"}
    wrong = []
    for name, found in graph().items():
        doors = may.get(name.partition(".")[0])
        for other in (other.removeprefix("bench.") for other in found if other.startswith("bench.")):
            if doors is not None and other not in doors:
                wrong.append(f"{name} → bench.{other}")
    assert not wrong, "not in the table of docs/architecture.md:\n" + "\n".join(sorted(wrong))
