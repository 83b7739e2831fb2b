"""What encrypts the connections of a cluster of our own: made for it, and forgotten with it.

The key is one of an elliptic curve. Dask's own (`Security.temporary`) is an RSA key, which takes a
tenth of a second to make, and milliseconds for each of the many connections that a cluster begins
with.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Security

__all__ = ["for_one_cluster"]

NAME = "bulkpub"
LASTS = timedelta(days=365)


def for_one_cluster() -> Security:
    """A key and a certificate that all processes of one cluster share, and nobody else has.

    Who has them not is let in nowhere; they are in memory alone.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks are set back, too
        .not_valid_after(now + LASTS)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    shown = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Security(
        require_encryption=True,
        tls_ca_file=shown,
        **{f"tls_{each}_key": secret for each in ("client", "scheduler", "worker")},
        **{f"tls_{each}_cert": shown for each in ("client", "scheduler", "worker")},
    )
