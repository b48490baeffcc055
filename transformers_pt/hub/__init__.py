"""Artifacts as folders of the Hugging Face hub, which `transformers` loads without this project."""
