"""What a workflow is: the graph, its JSON document, and reading one from the other. PURE."""
