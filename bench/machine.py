"""The machine and the software that a result is of. No framework is imported for it."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.schema import Environment

_CGROUP = Path("/sys/fs/cgroup")
_FLAGS = {
    "avx2": ("avx2",),
    "avx512f": ("avx512f",),
    "vnni": ("avx512_vnni", "avx_vnni"),
    "bf16": ("avx512_bf16", "amx_bf16", "bf16"),
    "amx": ("amx_tile",),
    "neon": ("asimd",),
}
"""Names that results use, each with what /proc/cpuinfo may call it."""


def environment(packages: Sequence[str], thread_settings: Mapping[str, str]) -> Environment:
    """What runs here: `packages` by import or distribution name, those that are not installed left out."""
    from bench.schema import Environment  # whoever asks for the cores alone needs none of it

    versions = {name: package_version(name) for name in sorted(packages)}
    return Environment(
        machine=machine_id(),
        os=platform.platform(terse=True),
        cpu=cpu_model(),
        cpu_flags=cpu_flags(),
        cores=cores(),
        ram_gb=ram_gb(),
        accelerator=accelerator(),
        python=platform.python_version(),
        packages={name: version for name, version in versions.items() if version},
        thread_settings=dict(thread_settings),
    )


@functools.cache
def machine_id() -> str:
    """Twelve hex digits of what decides the speed: CPU model and flags, cores, memory, accelerator."""
    parts = [cpu_model(), cpu_flags(), cores(), round(ram_gb()), accelerator()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def boot_id() -> str | None:
    """The kernel's own name for the time since it was started; None where it has none."""
    return _read(Path("/proc/sys/kernel/random/boot_id")).strip() or None


def cores() -> int:
    """Cores this process may use: its affinity, or a container's quota where that is less."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cpu_quota()
    return max(1, min(allowed, math.floor(quota))) if quota else allowed


def thread_limit() -> int:
    """How many threads a runtime may use: `$OMP_NUM_THREADS`, which most libraries read themselves, else the cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else cores()


def waits_passively() -> bool:
    """Whether threads that wait should sleep: `$OMP_WAIT_POLICY`, which runtimes of OpenMP read themselves.

    Threads that spin instead are a little faster on an idle machine, and lose most of their time to a busy neighbour
    (`benchmarks/busy_neighbour.py`).
    """
    return os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"


@functools.cache
def ram_gb() -> float:
    """Memory in GiB: the machine's, or a container's limit where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (_CGROUP / "memory.max", _CGROUP / "memory/memory.limit_in_bytes"):
        text = _read(limit).strip()
        if text.isdigit():
            total = min(total, int(text))
    return round(total / 2**30, 1)


@functools.cache
def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


@functools.cache
def cpu_flags() -> list[str]:
    """The instruction sets that matter for inference, of `avx2, avx512f, vnni, bf16, amx, neon`."""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith(("flags", "Features")):
            present = set(line.partition(":")[2].split())
            return [name for name, aliases in _FLAGS.items() if present.intersection(aliases)]
    return []


@functools.cache
def accelerator() -> str | None:
    """The NVIDIA GPUs that `nvidia-smi` names, None where there is none; `2 × …` for two alike."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(
            query, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    names = [line.strip() for line in answer.splitlines() if line.strip()]
    counted = {name: names.count(name) for name in names}
    return ", ".join(name if n == 1 else f"{n} × {name}" for name, n in counted.items()) or None


def device_class(requested: str) -> str:
    """The kind of device that a training of `requested` (auto, cpu, gpu) lands on: part of the artifact key."""
    return "cpu" if requested == "cpu" else accelerator() or "cpu"


@functools.cache
def package_version(name: str) -> str | None:
    """The installed version of an import or distribution name, without importing it; None where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        owners = _distributions().get(name)
        return importlib.metadata.version(owners[0]) if owners else None


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _cpu_quota() -> float | None:
    """Cores' worth of time that the container may use, by cgroup version 2 or 1."""
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    if not quota:
        quota, period = (_read(_CGROUP / f"cpu/cpu.cfs_{name}_us") for name in ("quota", "period"))
    try:
        return int(quota) / int(period) if int(quota) > 0 else None
    except ValueError:  # "max", or no such file
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
