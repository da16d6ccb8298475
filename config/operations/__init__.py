"""Operation of the product: health, metrics, diagnostics, fleet status, and the processes of `up`."""
