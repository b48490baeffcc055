"""`python -m transformers_pt pretrain`: from data sets to a folder in Hugging Face layout."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.api import BenchError
from bench.commands.options import DataDir, StoreOption

TWEETS = "covid19-5,tweeteval-sentiment-rebuilt,tweeteval-emotion,emotions,sentiment140-100k,sst2"

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


class Task(StrEnum):
    """What the encoder learns to do."""

    masked = "masked"
    replaced = "replaced"


class TokenizerKind(StrEnum):
    """How a new vocabulary is learned."""

    wordpiece = "wordpiece"
    bytes = "bytes"


@app.command()
def pretrain(
    out: Annotated[Path, typer.Argument(help="The folder to make; an interrupted one is resumed.")],
    data: Annotated[str, typer.Option(help="Data sets whose training texts are read, without labels.")] = TWEETS,
    architecture: Annotated[str, typer.Option(help="tiny, mini, tinybert4 or tinybert6.")] = "tiny",
    start: Annotated[
        Path | None, typer.Option("--from", help="Continue from this checkpoint, with its own tokenizer.")
    ] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="Use this folder's tokenizer.")] = None,
    kind: Annotated[TokenizerKind, typer.Option(help="A new tokenizer of this kind.")] = TokenizerKind.wordpiece,
    vocabulary: Annotated[int, typer.Option(help="Tokens of a new tokenizer.", min=300)] = 8000,
    minutes: Annotated[float | None, typer.Option(help="About how long to train on this machine.", min=0.01)] = None,
    steps: Annotated[int | None, typer.Option(help="Steps to train, instead of minutes.", min=1)] = None,
    block: Annotated[int, typer.Option(help="Tokens in a row of a batch.", min=8)] = 64,
    batch: Annotated[int, typer.Option(help="Rows in a batch.", min=1)] = 64,
    learning_rate: Annotated[float, typer.Option(help="The highest rate.")] = 1e-3,
    masking: Annotated[float, typer.Option(help="Share of tokens that are masked.", min=0.01, max=0.9)] = 0.2,
    objective: Annotated[
        Task, typer.Option(help="Fill in masked tokens, or detect the tokens that a small generator has replaced.")
    ] = Task.masked,
    max_length: Annotated[int, typer.Option(help="Tokens that the encoder can take later.", min=8)] = 512,
    normalization: Annotated[str, typer.Option(help="Text normalization, before the tokenizer.")] = "plain-2",
    seed: Annotated[int, typer.Option(help="Of weights, order and masks.")] = 0,
    bf16: Annotated[bool, typer.Option(help="Matmuls in bfloat16.")] = True,
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Pretrain a small encoder on the training texts of data sets; every recipe can then start from it.

    [dim]python -m transformers_pt pretrain my-tiny --architecture tiny --minutes 20[/]

    [dim]python -m transformers_pt pretrain my-covid --from my-tiny --data covid19-5 --minutes 10[/]

    [dim]python -m transformers_pt pretrain my-better --from my-tiny --objective replaced --minutes 10[/]
    """
    from transformers_pt.pretrain.card import loss_text
    from transformers_pt.pretrain.encoder import Request, make_encoder

    if (minutes is None) == (steps is None):
        raise BenchError("give the length of the pretraining: either --minutes or --steps")
    if start is not None and tokenizer is not None:
        raise BenchError("--from brings its own tokenizer; leave --tokenizer out")
    request = Request(
        out=out, data=tuple(name.strip() for name in data.split(",") if name.strip()), architecture=architecture,
        start=start, tokenizer=tokenizer, kind=kind.value, vocabulary=vocabulary, minutes=minutes, steps=steps,
        block=block, batch=batch, learning_rate=learning_rate, masking=masking, objective=objective.value,
        max_length=max_length, normalization=normalization, seed=seed, bf16=bf16, data_dir=data_dir,
        cache=store / "prepared", command="python -m transformers_pt " + shlex.join(sys.argv[1:]),
    )  # fmt: skip
    card = make_encoder(request, typer.echo)
    typer.echo(f"{out}: {loss_text(card)} after {card.training.steps:,} steps")
    typer.echo(f"next: python -m transformers_pt finetune -d emotions --backbone {out}")
