"""Traces of runs for OpenTelemetry: what decisions that were committed have ended becomes spans."""
