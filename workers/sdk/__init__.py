"""What a worker's author uses: the decorator, the step handle, errors. No Django."""
