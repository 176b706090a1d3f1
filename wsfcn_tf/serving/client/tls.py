"""TLS: certificates that a client trusts in place of the system's, and what it says of others."""

import ssl
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.client.address import Address


def read_certificates(path: str | Path, address: Address) -> str:
    """A file of certificates: an authority's, or a self-signed server's own.

    Args:
        path: PEM.
        address: of the server that they are for.

    Returns:
        The file's text.

    Raises:
        UserError: the address has no TLS, or the file cannot be read or holds no certificate.
    """
    if not address.is_secure:
        raise UserError(f"{path}: certificates are for https:// and grpcs://, and {address} is neither")
    try:
        text = Path(path).read_text(encoding="ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):  # an SSLError is an OSError, too
        raise UserError(f"{path}: holds no certificate: it has to be a PEM file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return text


def not_trusted(where: str, why: str) -> str:
    """What is said of a server whose certificate nobody vouches for, on both transports."""
    return f"{where}: its certificate is not trusted ({why}): name the PEM file of who signed it, with --server-ca"
