"""Measurements of speed and size. `python -m tests.bench` runs the workloads; see docs/performance.md."""
