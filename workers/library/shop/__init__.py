"""A real little shop in the database: stock, reservations, payments, shipments, confirmations."""
