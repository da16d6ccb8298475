"""Tests of the pure rules of subscriptions."""
