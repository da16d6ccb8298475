"""Calling a worker function and classifying what it did."""
