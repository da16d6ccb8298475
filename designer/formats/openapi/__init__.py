"""OpenAPI documents → operations that become steps, each with a form and a proposed undo."""
