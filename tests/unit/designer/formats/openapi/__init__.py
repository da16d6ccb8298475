"""OpenAPI documents as steps."""
