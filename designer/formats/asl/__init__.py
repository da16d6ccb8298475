"""Amazon States Language: a state machine becomes a draft and a report by state, and back. PURE."""
