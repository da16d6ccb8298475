"""The product as real processes: `up`, backup, a shop of orders, the pool, faults."""
