"""`bench export-model`: a trained model in a form that needs nothing of this project."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


class Form(StrEnum):
    """What can be written."""

    hf_folder = "hf-folder"
    card = "card"


def export_model(
    run: Annotated[str, typer.Argument(help="Run id.")],
    to: Annotated[
        Form, typer.Option(help="hf-folder: what transformers loads, with its model card. card: the model card alone.")
    ] = Form.hf_folder,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write, or file of the card; else named by the run.")
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Then upload the folder to this repository of the hub.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="A repository that is made is open to all.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write a model as a Hugging Face folder that transformers loads without this project, and push it if asked.

    The folder's probabilities are held against the model's on texts of the training set before it is kept. --push
    takes the token of `hf auth login` or $HF_TOKEN.

    Examples:

      python -m bench export-model finetune-emotions-s0-3f2a81c09b --out emotions-minilm

      python -m bench export-model finetune-emotions-s0-3f2a81c09b --push me/emotions-minilm

      python -m bench export-model linear-emotions-s0-955ec2b827 --to card
    """
    from bench.errors import BenchError
    from bench.hub import push_folder, write_card, write_folder
    from bench.store import Store

    if push is not None and to is not Form.hf_folder:
        raise BenchError("--push uploads a folder: leave --to out")
    if to is Form.card:
        out = out or Path(f"{run}.md")
        write_card(Store(store), run, out)
        print(f"wrote {out}")
        return
    out = out or Path(run)
    folder = write_folder(Store(store), run, out)
    print(f"wrote {out}: its probabilities are the model's to within {folder.difference:.1g}")
    print(folder.usage.replace("path/to/this/folder", str(out)))
    if push is not None:
        print(f"pushed to {push_folder(out, push, private=not public)}")
