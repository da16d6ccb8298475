"""A Django project beside the product, as tests of the outbox copy it; it knows nothing of the product."""
