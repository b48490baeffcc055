"""`python -m transformers_pt`: train a recipe by name, pretrain an encoder, bring weights, list and merge adapters."""

from __future__ import annotations

import sys

from bench.entry import command_line
from bench.track import main as train


def main() -> None:
    """The verbs of this track beside its recipes; errors are one line, as of `bench`."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in ("pretrain", "adapters", "weights"):
        train("transformers_pt")
        return
    with command_line():
        if verb == "adapters":
            from transformers_pt.adapter_command import app
        elif verb == "weights":
            from transformers_pt.weights.command import app
        else:
            from transformers_pt.pretrain.command import app
        app(args=sys.argv[2:], prog_name=f"python -m transformers_pt {verb}")


main()
