"""Workflows as state machines of Amazon States Language. PURE."""
