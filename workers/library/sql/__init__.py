"""Ready-made workers that read and change outside databases."""
