"""Connections and secrets: pages, REST, checks, and the documents that name them."""
