"""Keys that lie in files in plaintext: where to look, how to read, which are ours, and what to put in their place."""
