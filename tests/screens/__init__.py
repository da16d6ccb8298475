"""Pictures of every page, made from the running product, and the tour of a newcomer with its figures."""
