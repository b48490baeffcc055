"""`bench doctor`: what is installed and found here."""

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
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show packages, processor, memory, disk, accelerator and data sets; exit 1 if a needed package is missing.

    Examples:

      python -m bench doctor

      python -m bench doctor --json
    """
    import json

    from rich.console import Console

    from bench.errors import NEGATIVE_VERDICT

    facts = _facts(store, data_dir)
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        _show(facts, Console(highlight=False))
    if any(package["installed"] is None for package in facts["packages"] if not package["optional"]):
        raise typer.Exit(NEGATIVE_VERDICT)


def _facts(store: Path, data_dir: Path | None) -> Facts:
    import os

    from bench.machine import cores, environment
    from bench.measure.energy import Rapl
    from bench.measure.timing import thread_counts

    machine = environment([], {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_NUM_THREADS")})
    return {
        **machine.model_dump(exclude={"packages"}),
        "measured_threads": thread_counts(cores()),
        "energy_source": "rapl" if Rapl().readable else "none",
        "store": _store(store),
        "packages": _packages(),
        "datasets": _datasets(data_dir),
    }


def _store(store: Path) -> Facts:
    """Room where the store is or would be made."""
    import os
    import shutil

    from bench.store import Store

    existing = next(path for path in (store.absolute(), *store.absolute().parents) if path.exists())
    return {
        "path": str(store),
        "runs": len(Store(store).run_ids()),
        "writable": existing.is_dir() and os.access(existing, os.W_OK),
        "free_gb": round(shutil.disk_usage(existing).free / 2**30, 1),
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
    """Where the files of each set of the manifest lie; `problem` says what is missing. No file is read."""
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
    _show_packages(facts["packages"], console)
    _show_datasets(facts["datasets"], console)


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
