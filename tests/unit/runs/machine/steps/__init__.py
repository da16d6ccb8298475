"""Section 3 of docs/semantics.md: the way through the graph."""
