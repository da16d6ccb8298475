"""The inbox: what waits for a person, and the answers that are given in its rows."""
