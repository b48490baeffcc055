"""Which encoder a run starts from. Nothing heavy is imported: `bench list` and the planning read this file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from bench.api import BenchError, Params, did_you_mean
from transformers_pt.weights.catalog import CATALOG

SHIPPED = Path(__file__).resolve().parent.parent / "transformers_pt" / "checkpoints"
"""Encoders that the project has pretrained; the PyTorch track ships them."""
VOCABULARY_OF = "tweets-tiny"
"""The shipped checkpoint whose tokens an architecture takes for which nothing has been pretrained."""
PLAIN = "breaks-1"
"""How texts are normalized for a BERT whose folder does not name it."""
GELUS = ("gelu", "gelu_new", "gelu_pytorch_tanh")
"""Hugging Face's names of the exact one, its default, and twice of the tanh approximation."""
FIXED: dict[str, tuple[Any, ...]] = {
    "position_embedding_type": ("absolute",), "hidden_act": GELUS, "layer_norm_eps": (1e-12,),
}  # fmt: skip
"""What the Keras encoder cannot do otherwise."""
DROPOUT = 0.1
"""BERT's, for an architecture that no checkpoint has."""
RATE_SMALL, RATE_LARGE = 2.2e-4, 3e-5
"""Geometric middles of what Turc et al. (2019) search for small encoders and Devlin et al. (2019) for large ones."""
LARGE = 512
"""From this width on the rate for large encoders is taken."""


class BertConfig(TypedDict):
    """What is read of a Hugging Face `config.json` of BERT."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    hidden_act: NotRequired[str]
    hidden_dropout_prob: NotRequired[float]


@dataclass(frozen=True)
class Architecture:
    """The shape of a BERT encoder."""

    layers: int
    hidden: int
    heads: int
    intermediate: int

    @classmethod
    def of(cls, config: BertConfig) -> Architecture:
        """That of a Hugging Face configuration of BERT."""
        return cls(
            config["num_hidden_layers"],
            config["hidden_size"],
            config["num_attention_heads"],
            config["intermediate_size"],
        )

    def __str__(self) -> str:
        return f"{self.layers}×{self.hidden}, {self.heads} heads"

    @property
    def learning_rate(self) -> float:
        """What a run takes that names none."""
        return RATE_LARGE if self.hidden >= LARGE else RATE_SMALL


ARCHITECTURES: dict[str, Architecture] = {
    "tiny": Architecture(2, 128, 2, 512),
    "mini": Architecture(4, 256, 4, 1024),
    "tinybert4": Architecture(4, 312, 12, 1200),
    "tinybert6": Architecture(6, 768, 12, 3072),
}
"""BERT-tiny and BERT-mini (Turc et al., 2019) and the two TinyBERTs (Jiao et al., 2020)."""


@dataclass(frozen=True)
class Origin:
    """Where a run starts: a folder in Hugging Face layout or a hub name, and how much of it is used."""

    source: str
    """A folder's path, `owner/model` on the hub, or a name of the catalogue of weights."""
    architecture: Architecture | None
    """The shape that is built; None where it is the source's, which only the hub has."""
    pretrained: bool
    """Whether the weights are taken, not the tokens alone."""
    normalization: str

    @property
    def folder(self) -> Path | None:
        """Its folder where it is one; what is in the catalogue of weights is looked up there instead."""
        path = Path(self.source)
        return path if self.source not in CATALOG and path.is_dir() else None

    @property
    def name(self) -> str:
        """The folder's name without its path, or the hub name."""
        if self.source in CATALOG:
            return CATALOG[self.source].hub
        return self.folder.name if self.folder else self.source


def origin(params: Params) -> Origin:
    """Of the parameters `checkpoint`, `architecture` and `weights`.

    Raises `BenchError` for an unknown name, and for a checkpoint of another shape than the architecture.
    """
    name = params["architecture"]
    if name is not None and name not in ARCHITECTURES:
        raise BenchError(f"architecture={name}: {did_you_mean(str(name), ARCHITECTURES)}")
    shape = ARCHITECTURES[name] if name else None
    if params["weights"] not in ("pretrained", "random"):
        raise BenchError(
            f"weights={params['weights']}: {did_you_mean(str(params['weights']), ('pretrained', 'random'))}"
        )
    keep = params["weights"] == "pretrained"
    if params["checkpoint"] == "auto":
        return _automatic(shape or ARCHITECTURES["tiny"], keep)
    source = _source(params["checkpoint"])
    if source in CATALOG or not Path(source).is_dir():
        return Origin(source, shape, keep, PLAIN)
    own = Architecture.of(read_config(Path(source)))
    if shape not in (None, own):
        raise BenchError(f"checkpoint {params['checkpoint']} is {own}, not {name} ({shape}): leave architecture out")
    return Origin(source, own, keep, _normalization(Path(source)))


def gelu_of(config: BertConfig) -> str:
    """`gelu`, the exact one, or `gelu_pytorch_tanh`, its approximation."""
    return "gelu" if config.get("hidden_act", GELUS[0]) == GELUS[0] else GELUS[2]


def shipped() -> list[str]:
    """Names of the checkpoints that come with the project."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/config.json"))


def read_config(folder: Path) -> BertConfig:
    """The `config.json` of a folder, checked to be of a BERT that the Keras encoder can compute.

    Raises `BenchError` for a folder without one, for another model type, and for what the encoder has fixed otherwise.
    """
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(
            f"checkpoint {folder}: no config.json that can be read ({error}); give a folder in Hugging Face layout"
        ) from None
    if config.get("model_type") != "bert":
        raise BenchError(
            f"checkpoint {folder} is of type '{config.get('model_type')}', not BERT: this recipe reads BERT alone; "
            "`finetune` (PyTorch) reads the others"
        )
    for key, supported in FIXED.items():
        if config.get(key, supported[0]) not in supported:
            raise BenchError(
                f"checkpoint {folder}: {key} is {config[key]!r}, and the Keras encoder supports "
                f"{' and '.join(map(str, supported))} alone; use `finetune` (PyTorch)"
            )
    return cast(BertConfig, config)


def _automatic(shape: Architecture, keep: bool) -> Origin:
    """The shipped checkpoint of this shape; where there is none, random weights and the tokens of another one."""
    for folder in (SHIPPED / name for name in shipped()):
        try:
            own = Architecture.of(read_config(folder))
        except BenchError:  # not of BERT
            continue
        if own == shape:
            return Origin(str(folder), shape, keep, _normalization(folder))
    folder = SHIPPED / VOCABULARY_OF
    return Origin(str(folder), shape, False, _normalization(folder))


def _source(name: str) -> str:
    if name in CATALOG:
        return name
    if name in shipped():
        return str(SHIPPED / name)
    if Path(name).is_dir():
        return str(Path(name))
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return name
    raise BenchError(
        f"unknown checkpoint '{name}': {did_you_mean(name, [*shipped(), *CATALOG])} (or owner/model, or a folder)"
    )


def _normalization(folder: Path) -> str:
    """What the texts of its pretraining went through; a fine-tuned artifact has it in `model.json`."""
    for card in ("pretraining.json", "model.json"):
        if (folder / card).is_file():
            return str(json.loads((folder / card).read_text(encoding="utf-8"))["normalization"])
    return PLAIN
