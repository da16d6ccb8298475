"""Agents, by the SDK's own client."""
