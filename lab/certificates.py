"""TLS of the lab's server: an authority whose private key everybody has, and a leaf made at each start."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import paths

# Fifty years: the pair is committed, and a lab must come up from an old checkout.
CA_DATES = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2075, 1, 1, tzinfo=UTC))
CA_NAME = "gpufleet lab CA (public key pair, trust it on lab hosts only)"


def make_authority(key: Path, certificate: Path) -> None:
    """Make the authority that `lab/keys` holds; run once, by hand: python -m lab.certificates."""
    private = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(private.public_key(), CA_NAME, CA_NAME, CA_DATES)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(), critical=True)
    _write(key, private)
    certificate.write_bytes(builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def make_leaf(folder: Path, address: str) -> None:
    """Write `folder`/server.key and server.pem, valid for one IPv4 address (RFC 5280, 4.2.1.6)."""
    authority = serialization.load_pem_private_key(paths.CA_KEY.read_bytes(), None)
    if not isinstance(authority, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{paths.CA_KEY} holds no key of an elliptic curve")
    private = ec.generate_private_key(ec.SECP256R1())
    today = datetime.now(UTC)
    builder = _builder(private.public_key(), address, CA_NAME, (today - timedelta(1), today + timedelta(800)))
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    builder = builder.add_extension(name, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    builder = builder.add_extension(issuer, critical=False)
    _write(folder / "server.key", private)
    signed = builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(signed)


def _builder(
    public: ec.EllipticCurvePublicKey, subject: str, issuer: str, dates: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(_name(issuer), _name(subject), public, x509.random_serial_number(), *dates)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(text)


if __name__ == "__main__":
    make_authority(paths.CA_KEY, paths.CA_PEM)
