"""Task in, outcome out: calling a worker function and classifying what it did. No Django."""
