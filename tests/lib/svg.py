# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells of a terminal as an SVG picture."""
import html

import cells

WIDTH, HEIGHT, SIZE, MARGIN = 9, 18, 15, 6

# Text and ground.
THEMES = {"dark": ("#d0d0d0", "#000000"), "light": ("#000000", "#ffffff")}

# Arms of the box drawing characters: left, right, up, down.
BOXES = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud",
         "┬": "lrd", "┴": "lru", "┼": "lrud", "╴": "l", "╶": "r"}
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}


def rgb(colour):
    return "#" + bytes(cells.rgb(colour)).hex()


def mix(first, second, share):
    pairs = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def colours(ink, theme, bold_bright):
    own_fg, own_bg = THEMES[theme]
    fg = ink.fg
    if fg is not None and fg < 8 and ink.bold and bold_bright:
        fg += 8
    fg = own_fg if fg is None else rgb(fg)
    bg = own_bg if ink.bg is None else rgb(ink.bg)
    if ink.dim:
        fg = mix(fg, bg, 0.5)
    return (bg, fg) if ink.reverse else (fg, bg)


def rect(x, y, w, h, fill, extra=""):
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="{fill}"{extra}/>'


def glyph(char, x, y, fg):
    """Shapes that have to meet those of the neighbours are drawn and not left to a font."""
    if "▁" <= char <= "█":
        share = (ord(char) - ord("▁") + 1) / 8
        return [rect(x, y + HEIGHT * (1 - share), WIDTH, HEIGHT * share, fg)]
    if "▉" <= char <= "▏":
        share = 1 - (ord(char) - ord("▉") + 1) / 8
        return [rect(x, y, WIDTH * share, HEIGHT, fg)]
    if char in SHADES:
        return [rect(x, y, WIDTH, HEIGHT, fg, f' fill-opacity="{SHADES[char]}"')]
    if char in BOXES:
        mid_x, mid_y = x + (WIDTH - 1) / 2, y + HEIGHT / 2
        arms = {"l": (x, mid_y, WIDTH / 2 + .5, 1), "r": (mid_x, mid_y, WIDTH / 2 + .5, 1),
                "u": (mid_x, y, 1, HEIGHT / 2 + .5), "d": (mid_x, mid_y, 1, HEIGHT / 2)}
        return [rect(*arms[arm], fg) for arm in BOXES[char]]
    return None


def runs(row):
    """[(first column, text, ink)] of neighbours in one ink."""
    found = []
    for column, cell in enumerate(row):
        if found and found[-1][2] == cell.ink:
            found[-1][1] += cell.char
        else:
            found.append([column, cell.char, cell.ink])
    return found


def draw(rows, cols, theme="dark", bold_bright=False, cursor=None):
    width, height = cols * WIDTH + 2 * MARGIN, len(rows) * HEIGHT + 2 * MARGIN
    ground = THEMES[theme][1]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges" '
           f'font-family="DejaVu Sans Mono, Liberation Mono, monospace" font-size="{SIZE}">',
           rect(0, 0, width, height, ground)]
    for line, row in enumerate(rows):
        y = MARGIN + line * HEIGHT
        for column, text, ink in runs(row):
            x = MARGIN + column * WIDTH
            fg, bg = colours(ink, theme, bold_bright)
            span = sum(max(cells.width(char), 0) for char in text)
            if bg != ground:
                out.append(rect(x, y, span * WIDTH, HEIGHT, bg))
            words = ""
            for offset, char in enumerate(text):
                shape = glyph(char, x + offset * WIDTH, y, fg)
                if shape:
                    out += shape
                words += " " if shape else char
            style = (' font-weight="bold"' if ink.bold else "") + (
                ' text-decoration="underline"' if ink.underline else "")
            at = 0
            while at < len(words):  # a text for each word group without two blanks
                if words[at] == " ":
                    at += 1
                    continue
                end = words.find("  ", at)
                end = len(words) if end < 0 else end
                part = words[at:end].rstrip()
                out.append(f'<text x="{x + at * WIDTH:g}" y="{y + 14}" fill="{fg}"{style} '
                           f'textLength="{len(part) * WIDTH}">{html.escape(part)}</text>')
                at = end
    if cursor:
        out.append(f'<rect x="{MARGIN + cursor[1] * WIDTH}" y="{MARGIN + cursor[0] * HEIGHT + 15}" '
                   f'width="{WIDTH}" height="3" fill="{THEMES[theme][0]}"/>')
    return "\n".join(out) + "\n</svg>\n"
