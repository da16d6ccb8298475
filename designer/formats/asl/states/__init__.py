"""Types of states → steps; ways between them → edges and loops. PURE."""
