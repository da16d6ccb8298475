"""Documents as JSON, YAML and Python text: reading and writing them. PURE, but for running Python files."""
