"""What `bench verify` costs in processor time, as it is called and with the report made again.

    python -m benchmarks.verify_speed reports

The folder is verified as it lies; then it is published anew into a temporary folder, which has a manifest, so that
page, tables and data of figures are made again too. Processor time hardly depends on what else the machine does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def cpu_seconds(*arguments: str) -> float:
    """Of a command, with all its threads."""
    process = subprocess.Popen([sys.executable, "-m", "bench", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with status {status}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    folder = Path(sys.argv[1])
    runs = len(list((folder / "results").iterdir()))
    with tempfile.TemporaryDirectory() as temporary:
        for name, verified in (("as it lies", folder), ("published anew", Path(temporary, "reports"))):
            if verified != folder:
                cpu_seconds("report", "--store", str(folder), "--out", str(verified), "--no-texts")
            seconds = cpu_seconds("verify", str(verified))
            print(f"{name}: {runs} runs {seconds:.1f} s, 500 would take {500 / runs * seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
