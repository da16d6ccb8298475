"""Pages and REST calls of designs. Thin."""
