"""Where a served model is: one URL, as TensorFlow Serving's own REST API writes it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from wsfcn_tf.errors import UserError

DEFAULT_MODEL = "wsfcn"
_PORTS = {"http": 8501, "https": 443, "grpc": 8500, "grpcs": 443}
_MODEL = re.compile(
    r"(?P<prefix>.*)/v1/models/(?P<model>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
)


@dataclass(frozen=True)
class Address:
    """A model on a server.

    Attributes:
        scheme: "http", "https", "grpc" or "grpcs" (gRPC over TLS).
        host, port: of the server.
        prefix: what a proxy puts in front of the REST API's paths; mostly empty.
        model: its name.
        version, label: which of its versions; with neither, the newest that is served.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    model: str = DEFAULT_MODEL
    version: int | None = None
    label: str | None = None

    @property
    def is_grpc(self) -> bool:
        """Whether gRPC is spoken there."""
        return self.scheme.startswith("grpc")

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ("https", "grpcs")

    @property
    def authority(self) -> str:
        """HOST:PORT, with the brackets that IPv6 needs."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def path(self) -> str:
        """The model's path in the REST API: [PREFIX]/v1/models/NAME[/versions/N | /labels/LABEL]."""
        path = f"{self.prefix}/v1/models/{self.model}"
        if self.version is not None:
            return f"{path}/versions/{self.version}"
        return path if self.label is None else f"{path}/labels/{self.label}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_address(url: str) -> Address:
    """From SCHEME://HOST[:PORT][/PREFIX][/v1/models/NAME[/versions/N | /labels/LABEL]], all four schemes alike.

    Ports default to TensorFlow Serving's 8501 and 8500, and to 443 where TLS is asked for; the model to "wsfcn".

    Raises:
        UserError: it is no such URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:  # a port, an IPv6 address or a name that is none
        host = None
    if not host or parts.scheme not in _PORTS or parts.query or parts.fragment or "@" in parts.netloc:
        raise UserError(
            f"{url}: not the address of a model server: write http://HOST:8501 or grpc://HOST:8500, with "
            "/v1/models/NAME[/versions/N | /labels/LABEL] behind it if the model is not called wsfcn"
        )
    path = parts.path.rstrip("/")
    found = _MODEL.fullmatch(path)
    if found is None and "/v1/" in f"{path}/":
        raise UserError(f"{url}: the path has to end in /v1/models/NAME[/versions/N | /labels/LABEL]")
    prefix = found["prefix"] if found else path
    if prefix and parts.scheme.startswith("grpc"):
        raise UserError(f"{url}: gRPC has no paths: leave out {prefix}")
    port = _PORTS[parts.scheme] if port is None else port
    if found is None:
        return Address(parts.scheme, host, port, prefix)
    version = None if found["version"] is None else int(found["version"])
    return Address(parts.scheme, host, port, prefix, found["model"], version, found["label"])
