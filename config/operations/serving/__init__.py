"""Serving pages and sockets: the port, and the web process."""
