"""Connections and secrets, and what opens them."""
