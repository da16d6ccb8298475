"""Codecs and caches."""
