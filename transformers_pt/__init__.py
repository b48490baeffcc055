"""The PyTorch track: fine-tuning, LoRA and in-domain pretraining of encoders in Hugging Face layout."""

import logging

# `transformers` imports torchao where it is installed, which then logs kernels for GPUs that it cannot load.
for _name in ("torchao", "torch.utils._pytree"):
    logging.getLogger(_name).setLevel(logging.ERROR)
