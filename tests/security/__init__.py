"""Attacks and access: every address for every role, bad requests, secrets, deployment."""
