# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the table back into rows of {HEADER: cell}."""


def parse(text):
    """(rows, footer lines); a last column may be empty, no other: that would
    shift all the cells behind it for whoever reads with awk."""
    lines = text.splitlines()
    head = lines[0].replace("LOCAL ADDRESS", "LOCAL_ADDRESS").split()
    rows = []
    for number, line in enumerate(lines[1:], 1):
        if not line.strip():
            return rows, lines[number + 1:]
        cells = line.split()
        if len(cells) == len(head) - 1:
            cells.append("")
        if len(cells) != len(head):
            raise AssertionError(f"{len(cells)} cells under {head}: {line!r}")
        rows.append(dict(zip(head, cells)))
    return rows, []
