"""Sign-in, roles, tokens and limits."""
