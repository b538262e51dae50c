"""A CA bundle: certificates in PEM (RFC 7468), and nothing else."""

import ssl

from schema.content.reader import Reader
from schema.document import Node, Refused
from schema.report import Report

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def pem(reader: Reader, file: str, place: Node, report: Report) -> str | None:
    """The text of the bundle, None, reported, when it is not one."""
    try:
        text = reader.text(file)
    except Refused as refused:
        report.take(refused.problem, place, "ca_bundle")
        return None
    wrong = _wrong(text)
    if wrong:
        report.add("INV027", place, "ca_bundle", f"{file} {wrong}.", "Put the CA's certificates in it, in PEM form.")
        return None
    return text


def _wrong(text: str) -> str | None:
    if "PRIVATE KEY-----" in text:
        return "holds a private key, which must not leave its owner"
    parts = text.split(BEGIN)[1:]
    if not any(END in part for part in parts):
        return "holds no certificate (-----BEGIN CERTIFICATE-----)"
    if not all(END in part for part in parts):
        return "holds a damaged certificate"
    certificates = [f"{BEGIN}{part.partition(END)[0]}{END}" for part in parts]
    try:
        ders = [ssl.PEM_cert_to_DER_cert(one) for one in certificates]
    except ValueError:
        return "holds a damaged certificate"
    # A certificate is an ASN.1 SEQUENCE (RFC 5280 4.1), whose encoding begins with 0x30.
    return None if all(der[:1] == b"\x30" for der in ders) else "holds a damaged certificate"
