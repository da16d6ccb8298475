"""Helpers that know no app: errors, problem documents, JSON, commands, secrets, the environment."""
