"""The outbox of a project beside the product."""
