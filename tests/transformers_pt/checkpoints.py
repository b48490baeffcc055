"""Small checkpoints with random weights, one of each architecture family, in Hugging Face layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import (
    BertWordPieceTokenizer,
    ByteLevelBPETokenizer,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    BertweetTokenizer,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from tests.baselines.sentences import split

SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
TEXTS = split(600, 7).texts


def wordpiece(folder: Path, **options: Any) -> BertTokenizer:
    """An uncased WordPiece tokenizer of these sentences."""
    trained = BertWordPieceTokenizer()
    trained.train_from_iterator(TEXTS, vocab_size=400, min_frequency=1, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    trained.save_model(str(folder))
    tokenizer = BertTokenizer.from_pretrained(folder, trust_remote_code=False, **options)
    tokenizer.save_pretrained(folder)
    return tokenizer


def bert(folder: Path) -> None:
    """BERT."""
    size = len(wordpiece(folder))
    BertModel(BertConfig(vocab_size=size, max_position_embeddings=64, **SIZE)).save_pretrained(folder)


def minilm(folder: Path) -> None:
    """MiniLM: BERT's code, more and narrower layers."""
    size = len(wordpiece(folder))
    shape = SIZE | {"hidden_size": 24, "num_hidden_layers": 4, "num_attention_heads": 4}
    BertModel(BertConfig(vocab_size=size, max_position_embeddings=64, **shape)).save_pretrained(folder)


def electra(folder: Path) -> None:
    """ELECTRA's discriminator, embeddings narrower than layers."""
    size = len(wordpiece(folder))
    ElectraModel(ElectraConfig(vocab_size=size, max_position_embeddings=64, embedding_size=16, **SIZE)).save_pretrained(
        folder
    )


def distilbert(folder: Path) -> None:
    """DistilBERT."""
    size = len(wordpiece(folder))
    config = DistilBertConfig(vocab_size=size, max_position_embeddings=64, dim=32, n_layers=2, n_heads=2, hidden_dim=48)
    DistilBertModel(config).save_pretrained(folder)


def roberta(folder: Path) -> None:
    """RoBERTa with byte-level tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(TEXTS, vocab_size=500, min_frequency=1, special_tokens=special, show_progress=False)
    trained.save_model(str(folder))
    tokenizer = RobertaTokenizer.from_pretrained(folder, trust_remote_code=False)
    tokenizer.save_pretrained(folder)
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=66, type_vocab_size=1, **SIZE)
    RobertaModel(config).save_pretrained(folder)


def bertweet(folder: Path) -> None:
    """BERTweet: RoBERTa's code, a tokenizer class of its own with `vocab.txt` and `bpe.codes`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = Counter(word for text in TEXTS for word in text.split())
    letters = sorted({c for word in words for c in word} | set("abcdefghijklmnopqrstuvwxyz@:_"))
    tokens = [f"{c}@@" for c in letters] + letters + ["@USER", "HTTPURL", "<mask>"]
    (folder / "vocab.txt").write_text("".join(f"{token} 1\n" for token in tokens), encoding="utf-8")
    (folder / "bpe.codes").write_text("g o 1\no d</w> 1\n", encoding="utf-8")
    tokenizer = BertweetTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))
    tokenizer.save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=66, type_vocab_size=1, pad_token_id=1,
        tokenizer_class="BertweetTokenizer", **SIZE,
    )  # fmt: skip
    RobertaModel(config).save_pretrained(folder)


def word_tokens(folder: Path, special: dict[str, str]) -> PreTrainedTokenizerFast:
    """An uncased WordPiece tokenizer whose special tokens have these names and come first, in this order."""
    trained = BertWordPieceTokenizer()
    trained.train_from_iterator(TEXTS, vocab_size=400, min_frequency=1, show_progress=False)
    own = set(special.values())
    words = [token for token in trained.get_vocab() if token not in own and not token.startswith("[")]
    vocabulary = {token: number for number, token in enumerate([*special.values(), *sorted(words)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=special["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = special["cls_token"], special["sep_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, vocabulary[first]), (last, vocabulary[last])]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    fast.save_pretrained(folder)
    return fast


BERT_TOKENS = {
    "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
}  # fmt: skip
ROBERTA_TOKENS = {
    "cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>",
}  # fmt: skip


def mpnet(folder: Path) -> None:
    """MPNet: attention with a bias by relative position; all-mpnet-base-v2 is one."""
    size = len(word_tokens(folder, ROBERTA_TOKENS))
    MPNetModel(MPNetConfig(vocab_size=size, max_position_embeddings=66, **SIZE)).save_pretrained(folder)


def modernbert(folder: Path) -> None:
    """ModernBERT, as Ettin and mmBERT are: rotary positions, local and global attention, gated feed-forward."""
    tokens = word_tokens(folder, BERT_TOKENS)
    config = ModernBertConfig(
        vocab_size=len(tokens), max_position_embeddings=64, local_attention=16, global_attn_every_n_layers=2,
        pad_token_id=0, bos_token_id=2, cls_token_id=2, eos_token_id=3, sep_token_id=3, **SIZE,
    )  # fmt: skip
    ModernBertModel(config).save_pretrained(folder)


def deberta(folder: Path) -> None:
    """DeBERTa-v3: content and position apart in attention."""
    size = len(word_tokens(folder, BERT_TOKENS))
    config = DebertaV2Config(
        vocab_size=size, max_position_embeddings=64, relative_attention=True, position_buckets=16, share_att_key=True,
        pos_att_type=["p2c", "c2p"], norm_rel_ebd="layer_norm", position_biased_input=False, type_vocab_size=0, **SIZE,
    )  # fmt: skip
    DebertaV2Model(config).save_pretrained(folder)


def xlm_roberta(folder: Path) -> None:
    """XLM-R and its Twitter kin."""
    size = len(word_tokens(folder, ROBERTA_TOKENS))
    config = XLMRobertaConfig(vocab_size=size, max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, **SIZE)
    XLMRobertaModel(config).save_pretrained(folder)


FAMILIES: dict[str, Callable[[Path], None]] = {
    "bert": bert,
    "minilm": minilm,
    "electra": electra,
    "distilbert": distilbert,
    "roberta": roberta,
    "bertweet": bertweet,
    "mpnet": mpnet,
    "modernbert": modernbert,
    "deberta": deberta,
    "xlm-roberta": xlm_roberta,
}


def checkpoint(family: str, folder: Path) -> Path:
    """A new checkpoint of that family in `folder`, the same at every call."""
    torch.manual_seed(1)
    FAMILIES[family](folder)
    return folder
