"""Limits of flow in the world: lines of runs, named limits and pauses."""
