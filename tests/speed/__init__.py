"""How fast it is, in ratios measured side by side; nothing is asserted.

    python -m tests.speed [screens] [tests] [vault] [commands]

Everything, or the parts that are named. Each prints a table in Markdown, as the README has them. Things that are
compared take turns, so that a busy moment of the machine hits them all; the median of each counts.
"""
