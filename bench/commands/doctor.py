"""`bench doctor`: what is installed and found here, and what is damaged in the store."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from bench.commands.options import DataDir, StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from bench.schema import Environment


class Problem(TypedDict):
    """Something damaged or left over, by its path in the store."""

    path: str
    what: str


class StoreState(TypedDict):
    """The store, or where it would be made."""

    path: str
    runs: int
    writable: bool
    free_gb: float
    problems: list[Problem]
    aside: str | None
    """Where the problems were moved, if they were."""


class Package(TypedDict):
    """A pin of a requirements file, and what is installed."""

    name: str
    pinned: str
    installed: str | None
    file: str
    optional: bool


class DatasetState(TypedDict):
    """The files of a data set, or what is missing."""

    name: str
    files: list[str]
    problem: str | None


@dataclass(frozen=True)
class Diagnosis:
    """All that the command shows."""

    machine: Environment
    measured_threads: list[int]
    energy_source: str
    store: StoreState
    packages: list[Package]
    datasets: list[DatasetState]

    def document(self) -> dict[str, object]:
        """As JSON: the machine's fields stand beside the others."""
        rest = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "machine"}
        return self.machine.model_dump(exclude={"packages"}) | rest


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

    found = _diagnosis(store, data_dir, repair)
    if as_json:
        print(json.dumps(found.document(), indent=1, ensure_ascii=False))
    else:
        _show(found, Console(highlight=False))
    lacking = any(package["installed"] is None for package in found.packages if not package["optional"])
    if lacking or (found.store["problems"] and not found.store["aside"]):
        raise typer.Exit(NEGATIVE_VERDICT)


def _diagnosis(store: Path, data_dir: Path | None, repair: bool) -> Diagnosis:
    import os

    from bench.machine import cores, environment
    from bench.measure.energy import Rapl
    from bench.measure.schedule import thread_counts

    machine = environment([], {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_NUM_THREADS")})
    return Diagnosis(
        machine=machine,
        measured_threads=thread_counts(cores()),
        energy_source="rapl" if Rapl().readable else "none",
        store=_store(store, repair),
        packages=_packages(),
        datasets=_datasets(data_dir),
    )


def _store(store: Path, repair: bool) -> StoreState:
    """Room where the store is or would be made; what is wrong in it, and where that was moved, if it was."""
    import os
    import shutil
    from collections.abc import Iterable

    from rich.console import Console
    from rich.progress import track

    from bench.doctor import findings, put_aside
    from bench.stores import open_store

    def watch(artifacts: Iterable[Path]) -> Iterable[Path]:
        screen = Console(stderr=True)
        return track(
            list(artifacts), "hashing artifacts", console=screen, transient=True, disable=not screen.is_terminal
        )

    existing = next(path for path in (store.absolute(), *store.absolute().parents) if path.exists())
    found, aside = findings(open_store(store), watch), ""
    if repair and found:
        found, folder = put_aside(open_store(store))
        aside = str(folder)
    return {
        "path": str(store),
        "runs": len(open_store(store).run_ids()),
        "writable": existing.is_dir() and os.access(existing, os.W_OK),
        "free_gb": round(shutil.disk_usage(existing).free / 2**30, 1),
        "problems": [{"path": str(finding.path), "what": finding.what} for finding in found],
        "aside": aside or None,
    }


def _packages() -> list[Package]:
    """Every pin of the requirements files beside the code, with what is installed; nothing is imported."""
    import re

    import bench
    from bench.machine import package_version

    packages: list[Package] = []
    files = Path(bench.__file__).parents[1].glob("requirements*.txt")
    for file in sorted(files, key=lambda path: (path.name != "requirements.txt", path.name)):
        for name, pin in re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.MULTILINE):
            packages.append(
                {
                    "name": name,
                    "pinned": pin,
                    "installed": package_version(name),
                    "file": file.name,
                    "optional": file.name != "requirements.txt",
                }
            )
    return packages


def _datasets(data_dir: Path | None) -> list[DatasetState]:
    """Where the files of each set of the manifest lie; `problem` is what is missing. No file is read."""
    from bench.data.locate import data_roots
    from bench.data.manifest import dataset_names, entry
    from bench.data.published import locate
    from bench.errors import DataError

    data_roots(data_dir)  # a folder that does not exist is one error, not one a data set
    datasets: list[DatasetState] = []
    for name in dataset_names():
        try:
            paths = [str(path) for path in locate(entry(name), data_dir).paths.values()]
            datasets.append({"name": name, "files": paths, "problem": None})
        except DataError as error:
            datasets.append({"name": name, "files": [], "problem": str(error)})
    return datasets


def _show(found: Diagnosis, console: Console) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None)
    store, machine = found.store, found.machine
    flags = f" ({', '.join(machine.cpu_flags)})" if machine.cpu_flags else ""
    for name, value in (
        ("Python", machine.python),
        ("system", machine.os),
        ("processor", f"{machine.cores} cores of {machine.cpu}{flags}"),
        ("memory", f"{machine.ram_gb} GiB"),
        ("accelerator", machine.accelerator or "none"),
        ("machine", f"{machine.machine}: times are compared within it only"),
        ("thread settings", ", ".join(f"{k}={v}" for k, v in machine.thread_settings.items()) or "none"),
        ("measured with", f"{' and '.join(map(str, found.measured_threads))} threads"),
        ("energy", "RAPL counters" if found.energy_source == "rapl" else "no readable counter: not measured"),
        ("store", f"{store['path']}: {store['runs']} runs, {store['free_gb']} GiB free"),
        ("", "" if store["writable"] else "[red]not writable; choose another --store[/]"),
    ):
        if name or value:
            table.add_row(f"[bold]{name}[/]", value)
    console.print(table)
    _show_problems(store, console)
    _show_packages(found.packages, console)
    _show_datasets(found.datasets, console)


def _show_problems(store: StoreState, console: Console) -> None:
    from rich.markup import escape

    for problem in store["problems"]:
        line = escape(f"{problem['path']}: {problem['what']}")
        console.print(f"  {'[green]→[/]' if store['aside'] else '[yellow]✗[/]'} {line}", soft_wrap=True)
    if store["aside"]:
        console.print(f"  moved to {escape(store['aside'])}; nothing was deleted", soft_wrap=True)
    elif store["problems"]:
        console.print(f"  python -m bench doctor --store {escape(store['path'])} --repair moves them to aside/ in it")


def _show_packages(packages: list[Package], console: Console) -> None:
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


def _show_datasets(datasets: list[DatasetState], console: Console) -> None:
    import os

    console.print("\n[bold]data sets[/]")
    for dataset in datasets:
        if dataset["problem"]:
            console.print(f"  [yellow]✗[/] {dataset['problem']}")
        else:
            folder = os.path.commonpath([Path(p).parent for p in dataset["files"]]) if dataset["files"] else "generated"
            console.print(f"  [green]✓[/] {dataset['name']}: {folder}")
