import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.client.address import Address, parse_address

GOOD = {
    "http://host": Address("http", "host", 8501),
    "http://host:1/": Address("http", "host", 1),
    "https://host": Address("https", "host", 443),
    "grpc://10.0.0.1": Address("grpc", "10.0.0.1", 8500),
    "grpcs://host:8500/v1/models/cats": Address("grpcs", "host", 8500, model="cats"),
    "http://[::1]:8501/v1/models/cats/versions/12": Address("http", "::1", 8501, model="cats", version=12),
    "https://host/proxy/v1/models/cats/labels/stable": Address("https", "host", 443, "/proxy", "cats", label="stable"),
    "https://host/proxy/": Address("https", "host", 443, "/proxy"),
}


@pytest.mark.parametrize(("url", "address"), GOOD.items(), ids=GOOD)
def test_urls(url, address):
    assert parse_address(url) == address
    assert parse_address(str(address)) == address, "what messages call it can be used again"


def test_parts():
    address = parse_address("grpcs://[::1]/v1/models/cats/versions/2")
    assert (address.authority, address.is_grpc, address.is_secure) == ("[::1]:443", True, True)
    assert address.path == "/v1/models/cats/versions/2"
    assert parse_address("http://host").path == "/v1/models/wsfcn"
    assert parse_address("https://h/a/b/v1/models/c/labels/d").path == "/a/b/v1/models/c/labels/d"


NO_ADDRESS = [
    *("", "host:8501", "ftp://host", "http://", "http://host:port", "http://host:99999", "http://[::1"),
    *("http://user:word@host", "http://host/?a", "http://host/#a", "http://a..b", f"http://{'a' * 64}"),
]


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_address(url):
    with pytest.raises(UserError, match="not the address of a model server: write http://HOST:8501 or"):
        parse_address(url)


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/a/versions/new", "/v1/models/a/b", "/v1/models/a:predict", "/v1"]
)
def test_a_path_that_is_no_models(path):
    with pytest.raises(UserError, match=r"the path has to end in /v1/models/NAME\["):
        parse_address(f"http://host{path}")


def test_grpc_has_no_paths():
    with pytest.raises(UserError, match="gRPC has no paths: leave out /proxy"):
        parse_address("grpc://host/proxy/v1/models/a")
