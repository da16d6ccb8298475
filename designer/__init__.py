"""Designing workflows: documents and their rules, versions, pages and API."""
