#!/usr/bin/python3
"""What tests ask of a page in HTML.

    page.py check FILE          is it valid, harmless and legible? prints its text, a line an element
    page.py picture FILE        of a screenshot: "WIDTH HEIGHT BACKGROUND COLOUR...", the background
                                first, then the most frequent ones of the upper two thirds
"""
import collections
import re
import struct
import sys
import zlib

# What our pages are made of. Attributes of any other name could run or load something.
ELEMENTS = set("html head meta title style body main h1 h2 p section details summary small ul li b"
               " div code bdi dl dt dd table thead tbody tr th td a span".split())
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "open", "id", "href",
              "scope"}
BLOCKS = set("p ul li div dl dt dd tr th td h1 h2".split())
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CONTRAST = 4.5


def luminance(color):
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def check_style(style):
    """Each scheme's colours can be read on what they stand on; nothing is fetched."""
    assert not re.search(r"url|@import|expression", style), "the style loads something"
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", part))
               for part in style.split("prefers-color-scheme: dark")]
    assert len(schemes) == 2 and schemes[0].keys() == schemes[1].keys() != set(), schemes
    for scheme in schemes:
        pairs = [(ink, "page") for ink in ("text", "dim", "add", "change", "destroy", "import")]
        pairs += [("text", "alarm"), ("text", "caution")]
        for ink, ground in pairs:
            found = contrast(scheme[ink], scheme[ground])
            assert found >= CONTRAST, f"{ink} on {ground}: {found:.2f}"


def words(element):
    """The text of an element, with spaces where a browser begins a line or a cell."""
    space = " " if element.tag in BLOCKS else ""
    parts = [element.text or ""]
    for child in element:
        parts += [words(child), child.tail or ""]
    return space + "".join(parts) + space


def check(path):
    import html5lib
    with open(path, "rb") as file:
        text = file.read().decode("utf-8")
    # A strict parser raises at the first error.
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    for element in root.iter():
        assert element.tag in ELEMENTS, f"<{element.tag}>"
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES, f"{name} of <{element.tag}>"
            assert name != "href" or root.find(f".//*[@id='{value[1:]}']") is not None, value
    policy = root.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content") == POLICY
    check_style(root.find(".//style").text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), ids
    assert len(root.findall(".//h1")) == 1
    main = root.find(".//main")
    for element in main.iter():
        if element.tag in ("h1", "tr", "summary", "li") or element in main.findall("p"):
            print(re.sub(r"\s+", " ", words(element)).strip())


def unfilter(data, height, stride, step):
    """The rows of a PNG without their filters."""
    before, rows = bytearray(stride), []
    for y in range(height):
        at = y * (stride + 1)
        kind, row = data[at], bytearray(data[at + 1:at + 1 + stride])
        for x in range(stride):
            left = row[x - step] if x >= step else 0
            corner = before[x - step] if x >= step else 0
            up = before[x]
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = up
            elif kind == 3:
                guess = (left + up) // 2
            elif kind == 4:
                guess = min((left, up, corner), key=lambda c: abs(left + up - corner - c))
            else:
                guess = 0
            row[x] = (row[x] + guess) & 255
        rows.append(row)
        before = row
    return rows


def picture(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels, head = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            pixels += body
        at += size + 12
    width, height, depth, color = head[:4]
    assert depth == 8 and color in (2, 6), head
    step = 3 if color == 2 else 4
    rows = unfilter(zlib.decompress(pixels), height, width * step, step)
    rows = [[bytes(row[x:x + 3]).hex() for x in range(0, width * step, step)] for row in rows]
    all_of = collections.Counter(color for row in rows for color in row)
    upper = collections.Counter(color for row in rows[:height * 2 // 3] for color in row)
    background = all_of.most_common(1)[0][0]
    print(width, height, background, *(color for color, _ in upper.most_common(16)))


{"check": check, "picture": picture}[sys.argv[1]](sys.argv[2])
