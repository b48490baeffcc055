"""Peak memory, energy counters, imports and the machine, as a real process sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.machine import environment, machine_id, package_version
from bench.measure.energy import Rapl
from bench.measure.imports import ImportClock
from bench.measure.memory import peak_rss_bytes

ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20


def child(code: str, **variables: str) -> Any:
    """What `code` prints as JSON in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(run.stdout)


def test_peak_stays_after_memory_is_given_back() -> None:
    before, after = child(
        "import json\nfrom bench.measure.memory import peak_rss_bytes\n"
        "before = peak_rss_bytes()\nblock = b'x' * (200 << 20)\ndel block\n"
        "print(json.dumps([before, peak_rss_bytes()]))"
    )
    assert after - before == pytest.approx(200 * MEGABYTE, abs=20 * MEGABYTE)


def test_a_large_parent_does_not_count_for_its_child() -> None:
    ballast = np.ones(300 * MEGABYTE, np.uint8)
    peak = child("from bench.measure.memory import peak_rss_bytes\nprint(peak_rss_bytes())")
    assert peak < 100 * MEGABYTE < len(ballast) < peak_rss_bytes()


def test_imports_are_timed_apart_and_nested_ones_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sleepy_inner.py").write_text("import time\ntime.sleep(0.3)\n")
    (tmp_path / "sleepy_outer.py").write_text("import sleepy_inner\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    clock = ImportClock()
    with clock:
        import sleepy_outer  # type: ignore[import-not-found]  # noqa: F401
    assert 300 <= clock.milliseconds < 600
    counted = clock.milliseconds
    import json as again  # noqa: F401

    assert clock.milliseconds == counted


def rapl_domain(folder: Path, name: str, label: str, microjoules: int | str, wraps_at: int = 1_000_000) -> Path:
    domain = folder / name
    domain.mkdir()
    (domain / "name").write_text(label + "\n")
    (domain / "max_energy_range_uj").write_text(f"{wraps_at}\n")
    (domain / "energy_uj").write_text(f"{microjoules}\n")
    return domain / "energy_uj"


def test_rapl_sums_packages_and_survives_a_wrap(tmp_path: Path) -> None:
    first = rapl_domain(tmp_path, "intel-rapl:0", "package-0", 900_000)
    second = rapl_domain(tmp_path, "intel-rapl:1", "package-1", 100)
    part = rapl_domain(tmp_path, "intel-rapl:0:0", "core", 5)
    board = rapl_domain(tmp_path, "intel-rapl:2", "psys", 5)
    rapl = Rapl(tmp_path)
    assert rapl.readable
    first.write_text("200000\n")  # wrapped: 100,000 to the end and 200,000 on
    second.write_text("100100\n")
    part.write_text("900000\n")
    board.write_text("900000\n")
    assert rapl.joules() == pytest.approx(0.4)
    assert rapl.joules() == 0.0


def test_without_readable_counters_no_energy_is_claimed(tmp_path: Path) -> None:
    assert Rapl(tmp_path / "none").joules() is None
    rapl_domain(tmp_path, "intel-rapl:0", "package-0", "not a number")
    assert not Rapl(tmp_path).readable
    assert Rapl(tmp_path).joules() is None


def test_environment_names_versions_by_import_or_distribution_name() -> None:
    found = environment(["numpy", "sklearn", "scikit-learn", "no_such_package"], {"OMP_NUM_THREADS": "1"})
    assert found.packages["numpy"] == np.__version__
    assert found.packages["sklearn"] == found.packages["scikit-learn"] == package_version("scikit-learn")
    assert "no_such_package" not in found.packages
    assert found.thread_settings == {"OMP_NUM_THREADS": "1"}
    assert found.ram_gb > 0.1 and found.cpu and found.machine == machine_id()


def test_machine_is_the_same_in_another_process_and_imports_no_framework() -> None:
    other, modules = child(
        "import json, sys\nfrom bench.machine import environment\n"
        "machine = environment(['keras', 'torch'], {}).machine\nprint(json.dumps([machine, sorted(sys.modules)]))"
    )
    assert other == machine_id()
    assert not {"keras", "tensorflow", "torch", "transformers", "sklearn", "pandas"} & set(modules)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no processor affinity on this system")
def test_cores_are_those_the_process_may_use() -> None:
    one = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert child(one + "from bench.machine import cores\nprint(cores())") == 1


GPU = """
import json
from bench.machine import accelerator, device_class
print(json.dumps([accelerator(), device_class('auto'), device_class('cpu')]))
"""


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'NVIDIA H100 80GB HBM3'; echo 'NVIDIA H100 80GB HBM3'", ["2 × NVIDIA H100 80GB HBM3"] * 2 + ["cpu"]),
        ("echo 'no driver' >&2; exit 9", [None, "cpu", "cpu"]),
    ],
)
def test_accelerator_is_what_nvidia_smi_names(tmp_path: Path, script: str, found: list[str | None]) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    assert child(GPU, PATH=f"{tmp_path}:{os.environ['PATH']}") == found
