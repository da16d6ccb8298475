"""The ready-made worker that calls HTTP APIs."""
