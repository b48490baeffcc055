"""Pretraining of small encoders on unlabelled text: masked tokens, own vocabulary or a given checkpoint's."""
