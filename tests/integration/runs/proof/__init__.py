"""Proofs of drafts."""
