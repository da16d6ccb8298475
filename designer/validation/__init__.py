"""Problems of a document: graph, expressions, worker calls, JSON schemas. PURE."""
