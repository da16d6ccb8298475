"""Amazon States Language: machines in, drafts and reports out."""
