"""Pages and REST calls of the designer."""
