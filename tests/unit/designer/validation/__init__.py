"""Problems that a document can have."""
