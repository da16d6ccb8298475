"""Settings, middleware and the API as a whole."""
