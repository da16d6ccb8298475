"""Sockets: frames, rights, backpressure."""
