"""The commands for the shell: doctor, backup, restore. Knows no screen, and nothing of Textual or HTTP."""
