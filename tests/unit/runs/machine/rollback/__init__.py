"""Section 6 of docs/semantics.md: rolling back."""
