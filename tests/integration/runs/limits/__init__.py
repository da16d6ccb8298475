"""Tests of `runs.limits`."""
