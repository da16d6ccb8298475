"""The audit: acts of people on runs, as pages and exports show them."""
