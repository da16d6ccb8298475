"""Tests of subscriptions against a real HTTP server."""
