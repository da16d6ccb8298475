"""A small shop in the database: stock, reservations, payments, shipments, confirmations, and their audit."""
