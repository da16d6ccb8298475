"""The workflow: its graph, its JSON document, and conversion between the two. PURE."""
