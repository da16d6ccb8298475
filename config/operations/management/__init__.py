"""Commands that run the product's parts."""
