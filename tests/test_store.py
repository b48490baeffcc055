"""One damaged, alien or newer row in a store: every command skips it, names it once, and goes on with the others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.arrays import write_arrays
from bench.board.rows import counted, rows
from bench.cli import main
from bench.errors import BenchError, StoreError
from bench.schema import parse
from bench.store import Store
from bench.verify import verify
from tests.conftest import run_bench
from tests.report.page_data import as_text
from tests.report.synthetic import Model, failure, result

GOOD = "emotions-linear--s0"
Change = Callable[[dict[str, Any]], Any]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def changed(*keys: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> Any:
        inner = document
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        return document

    return change


ROWS: dict[str, bytes | Change] = {
    "list": b"[]",
    "null": b"null",
    "number": b"3",
    "empty": b"",
    "binary": bytes(range(256)),
    "cut": b'{"schema_version": 1, "run_',
    "deep": b"[" * 100_000,
    "deep-inside": changed("identity", "params", "a", value=nested(700)),
    "text-for-number": changed("identity", "seed", value="0"),
    "text-for-block": changed("quality", value="good"),
    "list-for-block": changed("data", value=[]),
    "no-time": changed("outcome", "started_at", value="yesterday"),
    "no-version": changed("schema_version", value=None),
    "newer": changed("schema_version", value=99),
    "unknown-field": changed("identity", "one\nfield \x1b[31mmore", value=1),
    "elsewhere": changed("run_id", value="../../elsewhere"),
    "of-another": changed("run_id", value=GOOD),
    "artifact-elsewhere": changed("identity", "artifact", value="../../elsewhere"),
    "parent-elsewhere": changed("identity", "parent_run_id", value="/etc"),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A good row, a failure that said nothing, and one row of each kind that cannot be read."""
    store = Store(tmp_path_factory.mktemp("damaged") / "store")
    store.put(*result(Model("linear"), n=60))
    store.put(failure(Model("dnn"), log_tail=None))
    for name, made in ROWS.items():
        good, _ = result(Model("linear"), n=60, run_id=name)
        content = made if isinstance(made, bytes) else json.dumps(made(good.model_dump(mode="json"))).encode()
        store.folder(name).mkdir(parents=True)
        (store.folder(name) / "result.json").write_bytes(content)
    return store


@pytest.mark.parametrize("name", ROWS)
def test_each_is_refused_in_one_printable_line(damaged: Store, name: str) -> None:
    with pytest.raises(BenchError) as refused:
        damaged.read(name)
    assert str(refused.value).isprintable()
    assert str(damaged.folder(name) / "result.json") in str(refused.value)
    with pytest.warns(UserWarning, match="result skipped"):
        assert damaged.find(name) is None


@pytest.mark.parametrize("command", [("compare",), ("report", "--no-texts")])
def test_every_command_skips_them_and_names_each_once(damaged: Store, tmp_path: Path, command: tuple[str, ...]) -> None:
    out = ("--out", str(tmp_path / "out")) if command[0] == "report" else ()
    done = run_bench(tmp_path, *command, "--store", str(damaged.root), *out)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert sorted(lines) == sorted(set(lines)) and len(lines) == len(ROWS), done.stderr
    for name in ROWS:
        assert sum(f"/{name}/" in line for line in lines) == 1
    if out:
        assert "exit code 1" in as_text(tmp_path / "out")
        assert sorted(path.name for path in (tmp_path / "out" / "results").iterdir()) == sorted(
            [GOOD, "emotions-dnn--s0-failed"]
        )


def test_verify_finds_each(damaged: Store) -> None:
    found = {problem.where.split("/")[1] for problem in verify(damaged.root)}
    assert found >= ROWS.keys()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def bit_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def with_arrays(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with np.load(path) as file:
            write_arrays(path, {name: file[name] for name in file.files} | changes)

    return change


@pytest.mark.parametrize(
    "damage",
    [
        torn,
        bit_flipped,
        lambda path: path.write_bytes(b"no zip at all"),
        with_arrays(labels=np.array(["a"] * 60)),
        with_arrays(labels=np.full(60, 77)),
        with_arrays(probabilities=np.zeros(60, np.float32)),
        with_arrays(ids=np.array(["one"])),
    ],
)
def test_damaged_predictions_are_named_and_done_without(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None]
) -> None:
    for recipe in ("linear", "lstm"):
        store.put(*result(Model(recipe), n=60))
    path = store.folder(GOOD) / "predictions.npz"
    damage(path)
    with pytest.warns(UserWarning, match="file skipped") as said:
        assert store.arrays(GOOD, "predictions") == {}
    assert str(path) in str(said[0].message)
    assert "predictions" in store.damaged(store.read(GOOD))
    with pytest.raises(SystemExit) as ended:
        main(["compare", "linear", "lstm", "--store", str(store.root)])
    assert ended.value.code == 2 and "no stored predictions" in capsys.readouterr().err
    assert f"results/{GOOD}/predictions.npz" in [problem.where for problem in verify(store.root)]


def test_a_row_dated_in_the_future_supersedes_nothing(store: Store) -> None:
    for name, date in (("early", "2025-01-01"), ("late", "2025-01-02"), ("future", "9000-01-01")):
        store.put(*result(Model("linear"), n=60, run_id=name, started_at=f"{date}T00:00:00+00:00"))
    assert [row.run_id for row in counted(rows(store.read_all()))] == ["late"]


def test_a_date_that_does_not_sort_is_refused() -> None:
    made, _ = result(Model("linear"), n=60)
    for date in ("2025-01-01T00:00:00", "2025-01-01T02:00:00+02:00", "20250101T000000+00:00", "2025-01-01"):
        document = made.model_dump(mode="json")
        document["outcome"]["started_at"] = date
        with pytest.raises(BenchError, match="started_at"):
            parse(json.dumps(document).encode())


def test_the_lock_names_its_holder_and_goes_with_the_process(store: Store) -> None:
    code = "import sys, time; from pathlib import Path; from bench.store import Store\n"
    code += "with Store(Path(sys.argv[1])).lock(): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(store.root)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        for _ in range(2):
            with pytest.raises(StoreError, match=f"in use by process {holder.pid};"), store.lock():
                pass
    finally:
        holder.kill()
        holder.wait()
    with store.lock(), pytest.raises(StoreError, match="in use"), store.lock():
        pass
