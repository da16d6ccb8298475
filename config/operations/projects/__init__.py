"""Projects of users beside the product: changes of their workers, and their models."""
