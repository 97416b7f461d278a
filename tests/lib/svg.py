# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells of a terminal as an SVG picture."""
import html
import re

import cells

WIDTH, HEIGHT, SIZE, MARGIN, BASELINE = 9, 18, 15, 6, 14

# Text and ground.
THEMES = {"dark": ("#d0d0d0", "#000000"), "light": ("#000000", "#ffffff")}

# Arms of lines: left, right, up, down.
LINES = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud",
         "┬": "lrd", "┴": "lru", "┼": "lrud"}
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}


def rgb(colour):
    return "#" + bytes(cells.rgb(colour)).hex()


def mix(first, second):
    pairs = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]))
    return "#" + bytes((a + b) // 2 for a, b in pairs).hex()


def colours(ink, theme):
    """(text, ground)"""
    text, ground = THEMES[theme]
    text = text if ink.fg is None else rgb(ink.fg)
    ground = ground if ink.bg is None else rgb(ink.bg)
    if ink.dim:
        text = mix(text, ground)
    return (ground, text) if ink.reverse else (text, ground)


def rect(x, y, width, height, fill, opacity=1):
    faint = f' fill-opacity="{opacity}"' if opacity < 1 else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{faint}/>'


def shape(char, count, x, y, fill):
    """A row of one character that has to meet its neighbours: it is drawn, and not left to a font.
    None: it is a letter."""
    if "▁" <= char <= "█":
        height = HEIGHT * (ord(char) - ord("▁") + 1) / 8
        return [rect(x, y + HEIGHT - height, count * WIDTH, height, fill)]
    if "▉" <= char <= "▏":
        width = WIDTH * (ord("▏") + 1 - ord(char)) / 8
        return [rect(x + i * WIDTH, y, width, HEIGHT, fill) for i in range(count)]
    if char in SHADES:
        return [rect(x, y, count * WIDTH, HEIGHT, fill, SHADES[char])]
    if char == "─":
        return [rect(x, y + HEIGHT / 2, count * WIDTH, 1, fill)]
    if char not in LINES:
        return None
    across, down = x + (WIDTH - 1) / 2, y + HEIGHT / 2
    arms = {"l": (x, down, WIDTH / 2, 1), "r": (across, down, (WIDTH + 1) / 2, 1),
            "u": (across, y, 1, HEIGHT / 2 + 1), "d": (across, down, 1, HEIGHT / 2)}
    return [rect(*arms[arm], fill) for arm in LINES[char]]


def runs(row):
    """[(first column, text, ink)] of neighbours in one ink."""
    found = []
    for column, cell in enumerate(row):
        if found and found[-1][2] == cell.ink:
            found[-1][1] += cell.char
        else:
            found.append([column, cell.char, cell.ink])
    return found


def draw_run(text, ink, x, y, theme):
    fill, ground = colours(ink, theme)
    found = []
    if ground != THEMES[theme][1]:
        found.append(rect(x, y, sum(map(cells.width, text)) * WIDTH, HEIGHT, ground))
    for same in re.finditer(r"(\S)\1*", text):
        at = x + same.start() * WIDTH
        if drawn := shape(same[1], len(same[0]), at, y, fill):
            found += drawn
            text = text[:same.start()] + " " * len(same[0]) + text[same.end():]
    style = (' font-weight="bold"' if ink.bold else "") + (
        ' text-decoration="underline"' if ink.underline else "")
    for words in re.finditer(r"\S+( \S+)*", text):
        # Its length in the grid, whatever the font.
        length = sum(map(cells.width, words[0])) * WIDTH
        found.append(f'<text x="{x + words.start() * WIDTH}" y="{y + BASELINE}" fill="{fill}"'
                     f'{style} textLength="{length}">{html.escape(words[0])}</text>')
    return found


def draw(rows, cols, theme="dark", cursor=None):
    """rows: as cells.parse() gives them; cursor: (line, column)"""
    width, height = cols * WIDTH + 2 * MARGIN, len(rows) * HEIGHT + 2 * MARGIN
    found = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges" font-size="{SIZE}" '
             f'font-family="DejaVu Sans Mono, Liberation Mono, Menlo, Consolas, monospace">',
             rect(0, 0, width, height, THEMES[theme][1])]
    for line, row in enumerate(rows):
        for column, text, ink in runs(row):
            found += draw_run(text, ink, MARGIN + column * WIDTH, MARGIN + line * HEIGHT, theme)
    if cursor:
        line, column = cursor
        found.append(rect(MARGIN + column * WIDTH, MARGIN + (line + 1) * HEIGHT - 3, WIDTH, 3,
                          THEMES[theme][0]))
    return "\n".join(found) + "\n</svg>\n"
