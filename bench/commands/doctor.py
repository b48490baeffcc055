"""`bench doctor`: what is installed and found here, and what is damaged in the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands.options import DataDir, StoreOption

if TYPE_CHECKING:
    from rich.console import Console

Facts = dict[str, Any]


def doctor(
    store: StoreOption = Path(".sentibench"),
    data_dir: DataDir = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Move what is damaged or left over in the store to its folder aside/.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show packages, processor, memory, disk, accelerator, data sets, and what is damaged or left over in the store.

    Looked for in the store: results, arrays and prepared data that cannot be read, artifacts whose content is not that
    of their hash, keys that point to nothing, artifacts that nothing names, unfinished folders and temporary files.
    Exit 1 if there is any, or if a needed package is missing. With --repair they are moved aside, never deleted.

    Examples:

      python -m bench doctor

      python -m bench doctor --store .sentibench --repair
    """
    import json

    from rich.console import Console

    from bench.errors import NEGATIVE_VERDICT

    facts = _facts(store, data_dir, repair)
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        _show(facts, Console(highlight=False))
    lacking = any(package["installed"] is None for package in facts["packages"] if not package["optional"])
    if lacking or (facts["store"]["problems"] and not facts["store"]["aside"]):
        raise typer.Exit(NEGATIVE_VERDICT)


def _facts(store: Path, data_dir: Path | None, repair: bool) -> Facts:
    import os

    from bench.machine import cores, environment
    from bench.measure.energy import Rapl
    from bench.measure.timing import thread_counts

    machine = environment([], {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_NUM_THREADS")})
    return {
        **machine.model_dump(exclude={"packages"}),
        "measured_threads": thread_counts(cores()),
        "energy_source": "rapl" if Rapl().readable else "none",
        "store": _store(store, repair),
        "packages": _packages(),
        "datasets": _datasets(data_dir),
    }


def _store(store: Path, repair: bool) -> Facts:
    """Room where the store is or would be made; what is wrong in it, and where that was moved, if it was."""
    import os
    import shutil
    from collections.abc import Iterable

    from rich.console import Console
    from rich.progress import track

    from bench.doctor import findings, put_aside
    from bench.store import Store

    def watch(artifacts: Iterable[Path]) -> Iterable[Path]:
        screen = Console(stderr=True)
        return track(
            list(artifacts), "hashing artifacts", console=screen, transient=True, disable=not screen.is_terminal
        )

    existing = next(path for path in (store.absolute(), *store.absolute().parents) if path.exists())
    found, aside = findings(Store(store), watch), None
    if repair and found:
        found, aside = put_aside(Store(store))
    return {
        "path": str(store),
        "runs": len(Store(store).run_ids()),
        "writable": existing.is_dir() and os.access(existing, os.W_OK),
        "free_gb": round(shutil.disk_usage(existing).free / 2**30, 1),
        "problems": [{"path": str(finding.path), "what": finding.what} for finding in found],
        "aside": aside and str(aside),
    }


def _packages() -> list[Facts]:
    """Every pin of the requirements files beside the code, with what is installed; nothing is imported."""
    import re

    import bench
    from bench.machine import package_version

    found = []
    files = Path(bench.__file__).parents[1].glob("requirements*.txt")
    for file in sorted(files, key=lambda path: (path.name != "requirements.txt", path.name)):
        for name, pin in re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.MULTILINE):
            found.append(
                {
                    "name": name,
                    "pinned": pin,
                    "installed": package_version(name),
                    "file": file.name,
                    "optional": file.name != "requirements.txt",
                }
            )
    return found


def _datasets(data_dir: Path | None) -> list[Facts]:
    """Where the files of each set of the manifest lie; `problem` is what is missing. No file is read."""
    from bench.data.locate import data_roots
    from bench.data.manifest import dataset_names, entry
    from bench.data.published import locate
    from bench.errors import DataError

    data_roots(data_dir)  # a folder that does not exist is one error, not one a data set
    found = []
    for name in dataset_names():
        try:
            paths = [str(path) for path in locate(entry(name), data_dir).paths.values()]
            found.append({"name": name, "files": paths, "problem": None})
        except DataError as error:
            found.append({"name": name, "files": [], "problem": str(error)})
    return found


def _show(facts: Facts, console: Console) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None)
    flags = f" ({', '.join(facts['cpu_flags'])})" if facts["cpu_flags"] else ""
    store = facts["store"]
    for name, value in (
        ("Python", facts["python"]),
        ("system", facts["os"]),
        ("processor", f"{facts['cores']} cores of {facts['cpu']}{flags}"),
        ("memory", f"{facts['ram_gb']} GiB"),
        ("accelerator", facts["accelerator"] or "none"),
        ("machine", f"{facts['machine']}: times are compared within it only"),
        ("thread settings", ", ".join(f"{k}={v}" for k, v in facts["thread_settings"].items()) or "none"),
        ("measured with", f"{' and '.join(map(str, facts['measured_threads']))} threads"),
        ("energy", "RAPL counters" if facts["energy_source"] == "rapl" else "no readable counter: not measured"),
        ("store", f"{store['path']}: {store['runs']} runs, {store['free_gb']} GiB free"),
        ("", "" if store["writable"] else "[red]not writable; choose another --store[/]"),
    ):
        if name or value:
            table.add_row(f"[bold]{name}[/]", value)
    console.print(table)
    _show_problems(store, console)
    _show_packages(facts["packages"], console)
    _show_datasets(facts["datasets"], console)


def _show_problems(store: Facts, console: Console) -> None:
    from rich.markup import escape

    for problem in store["problems"]:
        line = escape(f"{problem['path']}: {problem['what']}")
        console.print(f"  {'[green]→[/]' if store['aside'] else '[yellow]✗[/]'} {line}", soft_wrap=True)
    if store["aside"]:
        console.print(f"  moved to {escape(store['aside'])}; nothing was deleted", soft_wrap=True)
    elif store["problems"]:
        console.print(f"  python -m bench doctor --store {escape(store['path'])} --repair moves them to aside/ in it")


def _show_packages(packages: list[Facts], console: Console) -> None:
    """The installed ones in a line a file; what is missing or differs from its pin with the command that mends it."""
    for file in dict.fromkeys(package["file"] for package in packages):
        here = [package for package in packages if package["file"] == file]
        console.print(f"\n[bold]{file}[/]{' (optional)' if here[0]['optional'] else ''}")
        installed = [f"{p['name']} {p['installed']}" for p in here if p["installed"]]
        console.print("  " + (", ".join(installed) or "none installed"))
        wrong = [p for p in here if (p["installed"] or "").partition("+")[0] != p["pinned"]]
        for package in wrong:
            state = f"is {package['installed']}" if package["installed"] else "is not installed"
            console.print(f"  [yellow]{package['name']} {state}, {package['pinned']} is pinned[/]")
        if wrong:
            console.print(f"  pip install -r {file}")


def _show_datasets(datasets: list[Facts], console: Console) -> None:
    import os

    console.print("\n[bold]data sets[/]")
    for dataset in datasets:
        if dataset["problem"]:
            console.print(f"  [yellow]✗[/] {dataset['problem']}")
        else:
            folder = os.path.commonpath([Path(p).parent for p in dataset["files"]]) if dataset["files"] else "generated"
            console.print(f"  [green]✓[/] {dataset['name']}: {folder}")
