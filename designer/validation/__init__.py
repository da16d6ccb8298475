"""Validation of documents: graph, expressions, worker calls, JSON schemas. PURE."""
