"""Dirty rows made clean: dates, texts, numbers and the schema that rows are checked against. PURE."""
