"""What sockets send: read once a process, handed to all who watch."""
