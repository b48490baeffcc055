"""What `make bench` and `make test` take of a machine that has Python and `make` alone: minutes and disk.

`python -m benchmarks.from_nothing --python /usr/bin/python3.11`: a clone of the last commit in a temporary folder, a
home that is empty, and no variable of the caller's but those named by `--keep` (certificates, a package index).
`--chroot ROOT`, as root, does it in a system of its own; `--beside` copies files into it that its network needs:

    debootstrap --variant=minbase --include=ca-certificates,git,make,python3-distutils,python3.11-venv bookworm ROOT
    mount -t proc proc ROOT/proc && mount --bind /dev ROOT/dev
    python -m benchmarks.from_nothing --chroot ROOT --beside /etc/resolv.conf
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
TARGETS = ("bench", "test")


def main() -> None:
    """Clone, make, and print a line a target; ends with the first code that is not 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="/usr/bin/python3.11")
    parser.add_argument("--targets", nargs="+", default=TARGETS, help="of the Makefile")
    parser.add_argument("--dry-run", action="store_true", help="only show what `make` would do")
    parser.add_argument("--keep", nargs="*", default=(), metavar="NAME", help="variables of the caller that stay")
    parser.add_argument("--chroot", type=Path, metavar="ROOT", help="a system of its own; needs root")
    parser.add_argument("--beside", nargs="*", type=Path, default=(), metavar="FILE", help="copied into ROOT")
    parser.add_argument("--log", type=Path, help="where the output of `make` goes; else to standard error")
    options = parser.parse_args()
    root: Path | None = options.chroot
    for file in options.beside if root else ():
        copy_into(root / file.relative_to("/"), file)
    with tempfile.TemporaryDirectory(dir=root / "tmp" if root else None) as folder:
        clone = Path(folder) / "sentibench"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(HERE), str(clone)], check=True)
        environment = clean(Path(folder), root, options.keep)
        kept = ", ".join(options.keep) or "nothing"
        print(f"a clone of the last commit: {megabytes(clone):,.0f} MB; kept of the environment: {kept}", flush=True)
        for target in options.targets:
            code = make([target, *["-n"] * options.dry_run], clone, options, environment)
            if code:
                sys.exit(code)


def make(words: list[str], clone: Path, options: argparse.Namespace, environment: dict[str, str]) -> int:
    """One target: its minutes, and what lies on the disk after it."""
    command = ["make", "-C", inside(clone, options.chroot), *words, f"PYTHON={options.python}"]
    if options.chroot:
        command = ["chroot", str(options.chroot), *command]
    started = time.perf_counter()
    with options.log.open("ab") if options.log else os.fdopen(os.dup(2), "wb") as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=output)
    minutes = (time.perf_counter() - started) / 60
    disk = f".venv {megabytes(clone / '.venv'):,.0f} MB, all {megabytes(clone.parent):,.0f} MB with the caches of pip"
    print(f"make {words[0]}: {minutes:.1f} minutes, exit code {done.returncode}; {disk}", flush=True)
    return done.returncode


def inside(folder: Path, root: Path | None) -> str:
    """Where a folder lies as seen from a system at `root`."""
    return f"/{folder.relative_to(root)}" if root else str(folder)


def clean(folder: Path, root: Path | None, keep: list[str]) -> dict[str, str]:
    """An environment without anything of the caller's but `keep`; its home is `folder`, as seen from inside."""
    return {"PATH": PATH, "HOME": inside(folder, root), "LANG": "C.UTF-8"} | {name: os.environ[name] for name in keep}


def copy_into(target: Path, source: Path) -> None:
    """A file or a folder, where it lies outside."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


def megabytes(folder: Path) -> float:
    """Of all files below it, a file of several names once; 0 where it is not there."""
    seen: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*") if folder.is_dir() else ():
        found = path.lstat()
        seen[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(seen.values()) / 1e6


if __name__ == "__main__":
    main()
