"""What a definition would do if a step failed, and single steps by themselves. PURE."""
