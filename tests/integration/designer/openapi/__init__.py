"""OpenAPI documents of connections: given, kept, searched, and the steps made from them."""
