"""Proofs of drafts: the explorer in the background, its certificates, and their counterexamples as runs."""
