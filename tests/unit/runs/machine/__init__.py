"""The rules, by the sections of docs/semantics.md."""
