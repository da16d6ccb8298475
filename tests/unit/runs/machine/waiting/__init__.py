"""Section 5 of docs/semantics.md: steps that wait."""
