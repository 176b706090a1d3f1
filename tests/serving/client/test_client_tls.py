"""Over TLS, on both transports: who signed the server's certificate has to be known."""

import datetime
import ipaddress

import numpy as np
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from loopback.grpc_end import serve_grpc
from loopback.model import Models
from loopback.rest import serve_rest
from loopback.toy import expected, photo, png, save_toy

from wsfcn_tf.__main__ import main
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import Failed


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def pems(authority, tmp_path_factory):
    """The authority's certificate, and one that has signed nothing."""
    folder = tmp_path_factory.mktemp("pems")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "wsfcn"
    save_toy(folder / "1")
    return Models(folder)


@pytest.fixture(scope="module", params=[serve_rest, serve_grpc])
def url(request, models, authority):
    with request.param(models, tls=authority.issue_cert("127.0.0.1")) as url:
        yield url


def test_accepted_with_its_authority(url, pems):
    images = [photo(seed) for seed in range(3)]
    with Client(url, ca=pems / "ca.pem") as client:
        for result, image in zip(client.predict(images), images, strict=True):
            np.testing.assert_array_equal(result.labels, expected(image)[0])
        assert client.versions() == {1: "AVAILABLE"}


@pytest.mark.parametrize("ca", [None, "other.pem"])
def test_refused_without(url, pems, ca):
    with Client(url, ca=ca and pems / ca) as client, pytest.raises(Failed) as raised:
        client.predict([photo(0)])
    scheme, _, host = url.partition("://")
    message = str(raised.value)
    assert message.startswith(f"{scheme}://{host}") and "\n" not in message
    assert "its certificate is not trusted (" in message and message.endswith("with --server-ca")


def self_signed():
    """As `openssl req -x509` makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.timezone.utc)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(1))
    for extension in (
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
        x509.BasicConstraints(ca=True, path_length=None),
        identifier,
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
    ):
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return trustme.LeafCert(private, builder.sign(key, hashes.SHA256()).public_bytes(pem), [])


def test_a_self_signed_servers_own_certificate_is_its_authority(models, tmp_path):
    own = self_signed()
    (tmp_path / "own.pem").write_bytes(own.cert_chain_pems[0].bytes())
    for serve in (serve_rest, serve_grpc):
        with serve(models, tls=own) as url, Client(url, ca=tmp_path / "own.pem") as client:
            assert client.versions() == {1: "AVAILABLE"}
        with serve(models, tls=own) as url, Client(url) as client, pytest.raises(Failed, match="is not trusted"):
            client.versions()


def test_predict_on_server(url, pems, tmp_path, capfd):
    (tmp_path / "a.png").write_bytes(png(photo(0)))
    words = ["predict", "--server", url, str(tmp_path / "a.png"), "--output"]
    assert main([*words, str(tmp_path / "out"), "--server-ca", str(pems / "ca.pem")]) == 0
    assert (tmp_path / "out" / "a.png").exists()
    assert main([*words, str(tmp_path / "other")]) == 2
    assert "its certificate is not trusted" in capfd.readouterr().err
    assert main(["predict", "--weights", "x", "a.png", "--output", "y", "--server-ca", "z"]) == 2
    assert capfd.readouterr().err == "error: --server-ca is for --server\n"


@pytest.mark.parametrize(
    ("scheme", "content", "message"),
    [
        ("http", "", "certificates are for https:// and grpcs://, and http://h:8501/v1/models/wsfcn is neither"),
        ("https", None, "cannot be read (No such file or directory)"),
        ("grpcs", "text", "holds no certificate: it has to be a PEM file"),
        (
            "grpcs",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds no certificate",
        ),
        ("https", "é", "holds no certificate"),
        ("https", "", "holds no certificate"),
    ],
)
def test_what_is_no_authority(tmp_path, scheme, content, message):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        Client(f"{scheme}://h", ca=path)
    assert str(raised.value).startswith(f"{path}: {message}")
