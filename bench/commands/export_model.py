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
    docker = "docker"
    lambda_zip = "lambda"
    browser = "browser"


To = Annotated[
    Form,
    typer.Option(
        help="hf-folder: what transformers loads, with its model card. card: the model card alone. docker: a small "
        "server with its Dockerfile, no PyTorch. lambda: a zip file for AWS Lambda. browser: a page that needs no "
        "server."
    ),
]


def export_model(
    run: Annotated[str, typer.Argument(help="Run id.")],
    to: To = Form.hf_folder,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write, or file of the card or zip; else named by the run.")
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Then upload the folder to this repository of the hub.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="A repository that is made is open to all.")] = False,
    npm: Annotated[
        bool, typer.Option("--npm", help="Take transformers.js, which the page of --to browser loads, by npm.")
    ] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write a model in a form that needs nothing of this project: by default what transformers loads, pushed if asked.

    Its probabilities are held against the model's on texts of the training set before it is kept. --push takes the
    token of `hf auth login` or $HF_TOKEN.

    Examples:

      python -m bench export-model finetune-emotions-s0-3f2a81c09b --out emotions-minilm

      python -m bench export-model finetune-emotions-s0-3f2a81c09b --push me/emotions-minilm

      python -m bench export-model linear-emotions-s0-955ec2b827 --to card

      python -m bench export-model quantize-emotions-s0-81c09b3f2a --to docker --out server
    """
    from bench.errors import BenchError
    from bench.hub import push_folder, write_card, write_folder
    from bench.portable import write_portable
    from bench.stores import open_store

    if push is not None and to is not Form.hf_folder:
        raise BenchError("--push uploads a folder: leave --to out")
    if npm and to is not Form.browser:
        raise BenchError("--npm is of --to browser, whose page loads transformers.js")
    if to is Form.card:
        out = out or Path(f"{run}.md")
        write_card(open_store(store), run, out)
        print(f"wrote {out}")
        return
    if to is not Form.hf_folder:
        out = out or Path(f"{run}.zip" if to is Form.lambda_zip else run)
        print(write_portable(open_store(store), run, to.value, out, **({"npm": npm} if to is Form.browser else {})))
        return
    out = out or Path(run)
    folder = write_folder(open_store(store), run, out)
    print(f"wrote {out}: its probabilities are the model's to within {folder.difference:.1g}")
    print(folder.usage.replace("path/to/this/folder", str(out)))
    if push is not None:
        print(f"pushed to {push_folder(out, push, private=not public)}")
