"""Live sockets: each change is read once per process and sent to every socket that watches it."""
