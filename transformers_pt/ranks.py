"""`torchrun`, which tells the harness of the ranks that ended badly: `python -m transformers_pt.ranks FILE OPTION ...`.

The options are those of `torchrun`. Nothing heavy is imported before this process is bound to its parent.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.api import die_with_parent, write_failures

MODULE = "transformers_pt.ranks"
HERE = ("-m", MODULE, "{failures}", "--standalone", "--nproc-per-node={local}")
"""On one node, at a port that is free."""
THERE = (
    "-m", MODULE, "{failures}", "--nnodes={nodes}", "--node-rank={node}", "--nproc-per-node={local}",
    "--master-addr={host}", "--master-port={port}",
)  # fmt: skip
"""On each of several nodes."""


def start(failures: Path, arguments: Sequence[str]) -> int:
    """Run `torchrun` with these arguments; 1 where a rank ended badly, which `failures` then tells."""
    die_with_parent()
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args, run

    try:
        run(parse_args(list(arguments)))
    except ChildFailedError as error:
        write_failures(failures, {rank: failure.exitcode for rank, failure in error.failures.items()})
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[1]), sys.argv[2:]))
