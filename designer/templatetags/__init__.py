"""Template tags of the designer's pages."""
