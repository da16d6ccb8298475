"""Leaf helpers that know no app: errors, problem documents, JSON, commands, settings from the environment."""
