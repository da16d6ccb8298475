"""What the functions of expressions give and refuse."""
