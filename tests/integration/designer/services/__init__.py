"""Writing workflows and versions."""
