"""ICC profiles, built from their parts as the specification (ICC.1) describes them."""

import struct

import numpy as np

# Display P3's and Adobe RGB's primaries relative to D50 (columns: red, green, blue), as their profiles have them
DISPLAY_P3 = ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
SRGB = ((0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries=DISPLAY_P3, curve=SRGB_CURVE) -> bytes:
    """A profile of three primaries and one curve: (gamma, a, b, c, d) of the parametric type 3."""
    tags = {f"{name}XYZ": _xyz(column) for name, column in zip("rgb", np.transpose(primaries), strict=True)}
    tags |= {f"{name}TRC": b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(*curve) for name in "rgb"}
    return _profile(b"RGB ", b"mntr", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    """A profile for greyscale."""
    return _profile(b"GRAY", b"mntr", b"XYZ ", {"kTRC": b"para" + bytes(4) + struct.pack(">HH", 0, 0) + _fixed(gamma)})


def cmyk_profile() -> bytes:
    """A printer whose black ink alone is seen: the others leave the paper white."""
    identity = bytes(range(256))
    table = b"".join(bytes([0 if corner & 1 else 255, 128, 128]) for corner in range(16))  # Lab; black varies fastest
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return _profile(b"CMYK", b"prtr", b"Lab ", {"A2B0": lut + identity * 4 + table + identity * 3})


def _profile(space: bytes, device: bytes, connection: bytes, tags: dict[str, bytes]) -> bytes:
    text = "test".encode("utf-16-be")
    named = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    tags = {"desc": named, "cprt": named, "wtpt": _xyz(_D50)} | tags
    start = 128 + 4 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name.encode() + struct.pack(">II", start + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI", start + len(contents), b"none", 0x04200000) + device + space + connection
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + table + contents


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
