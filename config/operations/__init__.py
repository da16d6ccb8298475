"""Running the product: health, metrics, diagnostics, the fleet, and the processes that `up` starts."""
