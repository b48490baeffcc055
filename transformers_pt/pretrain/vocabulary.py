"""A tokenizer learned from the text that is pretrained on: WordPiece, or byte pairs over bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.api import BenchError, did_you_mean

KINDS = ("wordpiece", "bytes")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD = r"@user|#\w+|[^\W_]+(?:'[^\W\d_]+)*|\p{So}\uFE0F?|[^\w\s]+?(?=[#@\w\s\p{So}]|$)|_+"
"""What a token never crosses: a mention, a hashtag, a word with its apostrophe, one emoji, a run of marks (`:-)`)."""


def train_tokenizer(texts: Iterable[str], kind: str, size: int, max_length: int) -> Any:
    """A `PreTrainedTokenizerFast` of at most `size` tokens, lower case, `[CLS] text [SEP]`, learned from `texts`."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    if kind not in KINDS:
        raise BenchError(f"tokenizer {kind}: {did_you_mean(kind, KINDS)}")
    split = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    trainer: Any
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
        tokenizer.pre_tokenizer, tokenizer.decoder = split, decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=list(SPECIAL), min_frequency=2, limit_alphabet=600, show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.BPE())
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Sequence([split, byte_level]), decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size, special_tokens=list(SPECIAL), min_frequency=2, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )  # fmt: skip
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.train_from_iterator(texts, trainer)
    return _wrapped(tokenizer, max_length)


def _wrapped(tokenizer: Any, max_length: int) -> Any:
    """As `transformers` reads it back with `AutoTokenizer`."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=max_length,
        pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
