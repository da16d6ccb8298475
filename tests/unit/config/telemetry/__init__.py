"""Ids, contexts and logs."""
