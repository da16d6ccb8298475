"""Who people and programs are and what they may do: roles, tokens, sign-in, rate limits."""
