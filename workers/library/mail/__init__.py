"""Mail from workflows: texts from templates, files attached, and what the mail server says of each."""
