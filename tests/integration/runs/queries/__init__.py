"""Reading runs and their journals."""
