"""Histograms and charts."""
