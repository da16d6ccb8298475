"""The ready-made worker that asks language models."""
