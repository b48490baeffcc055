"""The PyTorch track: fine-tuning, LoRA and in-domain pretraining of encoders in Hugging Face layout."""
