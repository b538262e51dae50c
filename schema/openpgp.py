"""Fingerprints of OpenPGP public keys, armoured or binary, without gpg (RFC 4880 4.2, 6.2 and 12.2)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

PUBLIC_KEY, PUBLIC_SUBKEY, SECRET_KEY, SIGNATURE = 6, 14, 5, 2
# RFC 4880 5.2.1: certifications of a user id, and a signature on the key itself; 5.2.3.1: kinds of subpackets.
ON_THE_KEY = {0x10, 0x11, 0x12, 0x13, 0x1F}
CREATED, KEY_EXPIRES, ISSUER = 2, 9, 16
BEGIN, END = re.compile(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n"), b"-----END PGP PUBLIC KEY BLOCK-----"


def fingerprints(data: str | bytes) -> tuple[str, ...]:
    """The fingerprints of the primary public keys in `data`, 40 upper-case hexadecimal digits each, in their order.

    Raises ValueError, with the reason in words, for what is not a version-4 public key.
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if b"BEGIN PGP PRIVATE KEY" in raw:
        raise ValueError("it is a private key; export the public one with gpg --armor --export")
    found = tuple(_fingerprint(body) for tag, body in _packets(binary(raw)) if tag == PUBLIC_KEY)
    if not found:
        raise ValueError("there is no OpenPGP public key in it")
    return found


def expiries(data: bytes) -> dict[str, int]:
    """When each primary key with a limit ends, in seconds since 1970; keys without one are not in it.

    The newest signature of the key on itself says so (RFC 4880 5.2.3.3 and 5.2.3.6). Raises ValueError where `data` is
    no key.
    """
    newest: dict[str, tuple[int, int]] = {}
    key, made = "", 0
    for tag, body in _packets(binary(data)):
        if tag in {PUBLIC_KEY, PUBLIC_SUBKEY}:
            # What follows a subkey is about that one.
            key, made = (_fingerprint(body), int.from_bytes(body[1:5], "big")) if tag == PUBLIC_KEY else ("", 0)
        elif tag == SIGNATURE and key and body[:1] == b"\x04" and body[1:2] and body[1] in ON_THE_KEY:
            parts = _subpackets(body)
            by = parts.get(ISSUER, b"").hex().upper()
            if by in {"", key[-16:]}:
                said = (
                    int.from_bytes(parts.get(CREATED, b""), "big"),
                    int.from_bytes(parts.get(KEY_EXPIRES, b""), "big"),
                )
                ends = (said[0], made + said[1] if said[1] else 0)
                newest[key] = max(newest.get(key, ends), ends)
    return {key: ends for key, (_, ends) in newest.items() if ends}


def _subpackets(body: bytes) -> dict[int, bytes]:
    """Both areas of a version-4 signature by kind; the first, which is signed, wins (RFC 4880 5.2.3 and 5.2.3.1)."""
    found: dict[int, bytes] = {}
    begin = 6
    for _ in range(2):
        size = int.from_bytes(body[begin - 2 : begin], "big")
        area, position = body[begin : begin + size], 0
        while position < len(area):
            length, position = _new_length(area, position)
            if length == 0:
                break
            # The first bit says that the subpacket is critical.
            found.setdefault(
                area[position] & 0x7F if position < len(area) else 0, area[position + 1 : position + length]
            )
            position += length
        begin += size + 2
    return found


def binary(data: bytes) -> bytes:
    """The packets of `data`, with their armour taken off if they have one; empty without a key.

    Raises ValueError where the armour is damaged.
    """
    return b"".join(_dearmoured(block) for block in _blocks(data)) if b"-----BEGIN PGP" in data else data


def _blocks(data: bytes) -> Iterator[bytes]:
    """What stands between the lines that begin and end a block. One expression for it would look for the end of the
    file once for each beginning, which takes hours for a file of beginnings."""
    position = 0
    while (begin := BEGIN.search(data, position)) is not None and (end := data.find(END, begin.end())) >= 0:
        yield data[begin.end() : end]
        position = end + len(END)


def armoured(data: bytes) -> str:
    """Binary packets with armour around them (RFC 4880 6.2; the checksum is optional)."""
    lines = base64.encodebytes(data).decode("ascii")
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{lines}-----END PGP PUBLIC KEY BLOCK-----\n"


def _dearmoured(block: bytes) -> bytes:
    """The packets of one armoured block: headers end at the first empty line, the checksum line begins with "="."""
    lines = block.replace(b"\r", b"").split(b"\n")
    start = next((index for index, line in enumerate(lines) if not line.strip()), -1) + 1
    body = b"".join(line.strip() for line in lines[start:] if not line.startswith(b"="))
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("its armour is damaged: it is not base64") from error


def _packets(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and body of every packet, in new and old format (RFC 4880 4.2.1 and 4.2.2)."""
    found, position = [], 0
    while position < len(data):
        first = data[position]
        if not first & 0x80:
            raise ValueError("it is not OpenPGP data")
        new = bool(first & 0x40)
        tag = first & 0x3F if new else (first >> 2) & 0x0F
        size, begin = _new_length(data, position + 1) if new else _old_length(data, position + 1, first & 0x03)
        if begin + size > len(data):
            raise ValueError("it is cut off in the middle")
        if tag == SECRET_KEY:
            raise ValueError("it holds a private key; export the public one with gpg --armor --export")
        found.append((tag, data[begin : begin + size]))
        position = begin + size
    return found


def _new_length(data: bytes, position: int) -> tuple[int, int]:
    first = int.from_bytes(data[position : position + 1], "big")
    if first < 192:
        return first, position + 1
    if first < 224:
        return ((first - 192) << 8) + int.from_bytes(data[position + 1 : position + 2], "big") + 192, position + 2
    if first == 255:
        return int.from_bytes(data[position + 1 : position + 5], "big"), position + 5
    raise ValueError("it uses partial lengths, which keys may not (RFC 4880 4.2.2.4)")


def _old_length(data: bytes, position: int, kind: int) -> tuple[int, int]:
    if kind == 3:
        return len(data) - position, position
    size = 1 << kind
    return int.from_bytes(data[position : position + size], "big"), position + size


def _fingerprint(body: bytes) -> str:
    """SHA-1 over 0x99, the two-octet length and the body (RFC 4880 12.2)."""
    if not body or body[0] != 4:
        raise ValueError("it is a key of a version other than 4, which apt's fingerprints are not made for")
    digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False)
    return digest.hexdigest().upper()
