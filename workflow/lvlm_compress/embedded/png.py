"""PNG bytes that do not depend on a compressor: palette image, stored deflate blocks.

PNG specification (W3C, 2003): chunks IHDR, PLTE, IDAT, IEND; RFC 1950/1951 for the stored block.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

_STORED_LIMIT = 65535


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _stored(raw: bytes) -> bytes:
    """A zlib stream of stored blocks only."""
    blocks = []
    for start in range(0, len(raw), _STORED_LIMIT):
        part = raw[start : start + _STORED_LIMIT]
        last = start + len(part) == len(raw)
        blocks.append(struct.pack("<BHH", last, len(part), len(part) ^ 0xFFFF) + part)
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(raw))


def encode(picture: np.ndarray, palette: np.ndarray) -> bytes:
    """PNG of palette indices uint8 [height, width] with an RGB palette uint8 [entries, 3]."""
    height, width = picture.shape
    rows = np.concatenate([np.zeros((height, 1), dtype=np.uint8), picture], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", _stored(rows.tobytes())),
            _chunk(b"IEND", b""),
        ]
    )
