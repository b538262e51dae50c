"""Minimal ELF files (elf(5)) that real tools read: modules for modinfo and depmod, libraries for ldconfig."""

import struct

# The kernel's release is filled in when the module is "built": the place is this long, the rest becomes zero bytes,
# which kmod skips between two strings (kmod, libkmod-elf.c, kmod_elf_get_strings).
KERNEL_SLOT = "@KERNEL@" + "@" * 88
SIGNATURE_MAGIC = b"~Module signature appended~\n"
X86_64 = 62


def kernel_module(modinfo: list[str]) -> bytes:
    """A relocatable object with a .modinfo section of these `key=value` strings."""
    names = b"\0.modinfo\0.shstrtab\0"
    strings = b"".join(entry.encode() + b"\0" for entry in modinfo)
    start = 64
    table = _aligned(start + len(strings) + len(names))
    padding = b"\0" * (table - start - len(strings) - len(names))
    sections = bytes(64) + _section(1, 1, 2, start, len(strings)) + _section(10, 3, 0, start + len(strings), len(names))
    header = _header(kind=1, programs=0, sections=table, program_count=0, section_count=3, names=2)
    return header + strings + names + padding + sections


def signed(module: bytes, signer: str) -> bytes:
    """The module with an appended signature that modinfo attributes to `signer`.

    The layout is struct module_signature (Linux, include/linux/module_signature.h). Canonical's own are PKCS#7; this
    one has the X.509 layout, whose signer is plain text, and no value as a signature.
    """
    name, key, signature = signer.encode(), bytes(range(20)), bytes(256)
    # Algorithm (1: RSA), hash (4: SHA-256), id type (1: X.509), the two lengths, padding, length of the signature.
    trailer = struct.pack(">BBBBB3xI", 1, 4, 1, len(name), len(key), len(signature))
    return module + name + key + signature + trailer + SIGNATURE_MAGIC


def shared_object(soname: str) -> bytes:
    """A shared library without a symbol, whose DT_SONAME is `soname`."""
    # One load segment for the whole file, the dynamic section, and a stack that need not be executable.
    start = 64 + 3 * 56
    strings = b"\0" + soname.encode() + b"\0"
    symbols = start
    buckets = symbols + 24
    texts = buckets + 16
    dynamic = _aligned(texts + len(strings))
    tags = [(14, 1), (4, buckets), (5, texts), (6, symbols), (10, len(strings)), (11, 24), (0, 0)]
    body = bytes(24) + struct.pack("<4I", 1, 1, 0, 0) + strings
    body += b"\0" * (dynamic - texts - len(strings)) + b"".join(struct.pack("<QQ", *tag) for tag in tags)
    end = start + len(body)
    # Writable: ld.so puts addresses into the dynamic section when a program loads it (glibc, dl_relocate_ld).
    segments = (
        _segment(1, 6, 0, end, 0x1000) + _segment(2, 6, dynamic, end - dynamic, 8) + _segment(0x6474E551, 6, 0, 0, 16)
    )
    return _header(kind=3, programs=64, sections=0, program_count=3, section_count=0, names=0) + segments + body


def _header(kind: int, programs: int, sections: int, program_count: int, section_count: int, names: int) -> bytes:
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    fields = (kind, X86_64, 1, 0, programs, sections, 0, 64, 56, program_count, 64, section_count, names)
    return identity + struct.pack("<HHIQQQIHHHHHH", *fields)


def _section(name: int, kind: int, flags: int, offset: int, size: int) -> bytes:
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, 0, 0, 1, 0)


def _segment(kind: int, flags: int, offset: int, size: int, align: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, offset, offset, offset, size, size, align)


def _aligned(offset: int) -> int:
    return -(-offset // 8) * 8
