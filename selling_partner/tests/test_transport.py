"""No answer is longer than it may be, or takes longer: whatever Amazon, or who stands in for it, sends."""

import gzip
import ipaddress
import socket
import ssl
import threading
import tracemalloc
from datetime import datetime, timedelta, timezone

import pytest
from amazon_server import LWA, ORDERS, AmazonServer, Answer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from selling_partner import documents, transport
from selling_partner.client import SellingPartner
from selling_partner.errors import MalformedAnswer, RetryLater
from selling_partner.orders import SearchOrders
from selling_partner.tokens import exchange_authorization_code
from selling_partner.transport import Client, NoAnswer, unpack

MEBIBYTE = 2**20
GZIPPED = {"content-encoding": "gzip"}
BOMB = gzip.compress(b"\0" * MEBIBYTE * 200)
SEARCH = SearchOrders(
    last_updated_after=datetime(2026, 11, 1, tzinfo=timezone.utc), marketplace_ids=("A1VC38T7YXB528",)
)


def sign_in(amazon, seller):
    return exchange_authorization_code("id", "secret", "code", "https://example.com", f"{amazon.url}{LWA}")


def read_orders(amazon, seller):
    return seller.orders.search(SEARCH)


def download(amazon, seller):
    return documents.download(f"{amazon.url}/document")


def upload(amazon, seller):
    return documents.upload(f"{amazon.url}/document", b"x", "text/plain")


CALLS = [(sign_in, LWA), (read_orders, LWA), (read_orders, ORDERS), (download, "/document"), (upload, "/document")]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("call, path", CALLS)
def test_an_answer_that_unpacks_to_hundreds_of_megabytes(amazon, seller, call, path, status):
    amazon.says(path, Answer(status, BOMB, GZIPPED))
    with pytest.raises(MalformedAnswer, match="larger") as caught:
        call(amazon, seller)
    assert caught.value.sent or path == LWA


def test_an_answer_that_does_not_end(amazon, seller):
    amazon.says(ORDERS, Answer(body=b" " * 33 * MEBIBYTE))
    with pytest.raises(MalformedAnswer, match="larger"):
        seller.orders.search(SEARCH)


def test_a_document_that_unpacks_to_hundreds_of_megabytes(amazon):
    amazon.says("/document", Answer(body=BOMB))
    with pytest.raises(MalformedAnswer, match="too large"):
        documents.download(f"{amazon.url}/document", "GZIP")


def test_unpacking_holds_no_more_than_it_may():
    tracemalloc.start()
    try:
        with pytest.raises(OverflowError):
            unpack(BOMB, MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["head", "body"])
@pytest.mark.parametrize("call, path", CALLS)
def test_an_answer_that_trickles(amazon, address, credentials, monkeypatch, call, path, part):
    monkeypatch.setattr(transport, "LONGEST", 0.3)
    amazon.says(path, Answer(trickle=part))
    with SellingPartner(credentials, address) as seller, pytest.raises(RetryLater):
        call(amazon, seller)


def test_a_kept_connection_has_its_time_anew(amazon, seller):
    amazon.says(ORDERS, Answer(body={"orders": []}))
    for _call in range(3):
        assert seller.orders.search(SEARCH).orders == ()


def test_an_answer_as_packed_as_was_asked_for(amazon, seller):
    amazon.says(ORDERS, Answer(body=gzip.compress(b'{"orders": []}'), headers=GZIPPED))
    assert seller.orders.search(SEARCH).orders == ()
    assert amazon.asked(ORDERS)[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
def test_an_answer_packed_otherwise(amazon, seller, encoding):
    amazon.says(ORDERS, Answer(body=b"\x8b\x02", headers={"content-encoding": encoding}))
    with pytest.raises(RetryLater):
        seller.orders.search(SEARCH)


def test_a_cut_answer(amazon, seller):
    amazon.says(ORDERS, Answer(body=gzip.compress(b'{"orders": []}')[:-9], headers=GZIPPED))
    with pytest.raises(RetryLater):
        seller.orders.search(SEARCH)


def test_a_redirect_is_not_read_without_end(amazon, seller):
    amazon.says(ORDERS, Answer(307, b" " * 33 * MEBIBYTE, {"Location": f"{amazon.url}/elsewhere"}))
    with pytest.raises(MalformedAnswer, match="larger"):
        seller.orders.search(SEARCH)
    amazon.says("/document", Answer(307, BOMB, {**GZIPPED, "Location": f"{amazon.url}/elsewhere"}))
    with pytest.raises(MalformedAnswer, match="larger"):
        documents.download(f"{amazon.url}/document")
    assert not amazon.asked("/elsewhere")


def test_who_takes_nothing_of_what_is_sent(monkeypatch):
    monkeypatch.setattr(transport, "LONGEST", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(RetryLater) as caught:
            documents.upload(f"http://127.0.0.1:{server.getsockname()[1]}/", b" " * 32 * MEBIBYTE, "text/plain")
    assert caught.value.sent


# --- the way there -------------------------------------------------------------------------------------------------
@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def encrypted(certificate):
    """Amazon with that certificate, over TLS."""
    server = AmazonServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True, do_handshake_on_connect=False)
    server.url = server.url.replace("http:", "https:")
    with server:
        yield server


def test_a_certificate_that_nobody_vouches_for(encrypted, certificate, monkeypatch):
    with pytest.raises(RetryLater) as caught:
        documents.upload(f"{encrypted.url}/document", b"x", "text/plain")
    assert (caught.value.code, caught.value.sent) == ("not_connected", False)
    # What the environment vouches for counts elsewhere only.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(RetryLater):
        documents.upload(f"{encrypted.url}/document", b"x", "text/plain")
    assert not encrypted.requests


def test_certificates_of_the_environment(encrypted, certificate, monkeypatch):
    monkeypatch.setattr(transport, "is_loopback", lambda url: False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    with Client(encrypted.url) as http, pytest.raises(NoAnswer):
        http.request("GET", f"{encrypted.url}/document")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    encrypted.says("/document", Answer(body=b"x" * MEBIBYTE))
    with Client(encrypted.url) as http:
        for _call in range(2):
            assert http.request("PUT", f"{encrypted.url}/document", content=b"y" * MEBIBYTE).content == b"x" * MEBIBYTE
        with pytest.raises(NoAnswer) as caught:
            # Another name than the certificate's.
            http.request("GET", f"{encrypted.url.replace('127.0.0.1', 'localhost')}/document")
    assert not caught.value.sent
    assert [len(request.body) for request in encrypted.requests] == [MEBIBYTE] * 2


@pytest.mark.parametrize("part", ["head", "body"])
def test_an_encrypted_answer_that_trickles(encrypted, certificate, monkeypatch, part):
    monkeypatch.setattr(transport, "is_loopback", lambda url: False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    encrypted.says("/document", Answer(trickle=part))
    with Client(encrypted.url, longest=0.3) as http, pytest.raises(NoAnswer) as caught:
        http.request("GET", f"{encrypted.url}/document")
    assert caught.value.sent


def test_a_proxy_of_the_environment(amazon, monkeypatch):
    """It is taken, but for this machine's loopback and whatever the environment excepts."""
    with AmazonServer() as proxy:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        proxy.says("/x", Answer(body=b"from the proxy"))
        with Client("http://amazon.example") as http:
            assert http.request("GET", "http://amazon.example/x").content == b"from the proxy"
            with pytest.raises(NoAnswer) as caught:
                http.request("GET", "https://amazon.example/x")
            assert not caught.value.sent  # the proxy knows no CONNECT
        assert [request.target for request in proxy.requests] == ["http://amazon.example/x"]
        proxy.says("/slow", Answer(trickle="head"))
        with Client("http://amazon.example", longest=0.3) as http, pytest.raises(NoAnswer):
            http.request("GET", "http://amazon.example/slow")
        monkeypatch.setenv("no_proxy", "nowhere.invalid")
        with Client("http://nowhere.invalid") as http, pytest.raises(NoAnswer) as caught:
            http.request("GET", "http://nowhere.invalid/x")
        assert not caught.value.sent
        amazon.says("/document", Answer(body=b"straight"))
        assert documents.download(f"{amazon.url}/document").content == b"straight"
        assert len(proxy.requests) == 2


class Tunnel:
    """A proxy that knows CONNECT, and leads everything to one place."""

    def __init__(self, port):
        self.port, self.asked = port, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        client, _address = self.server.accept()
        self.asked.append(client.recv(4096).split(b"\r\n")[0])
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            threading.Thread(target=self.copy, args=(there, client), daemon=True).start()
            self.copy(client, there)

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(2**16):
                target.sendall(data)
        except OSError:
            return  # hung up


def test_through_a_proxy_encrypted(encrypted, certificate, monkeypatch):
    monkeypatch.setattr(transport, "is_loopback", lambda url: False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tunnel = Tunnel(encrypted._http.server_port)
    monkeypatch.setenv("https_proxy", tunnel.url)
    monkeypatch.setattr("requests.utils.should_bypass_proxies", lambda url, no_proxy: False)
    encrypted.says("/document", Answer(body=b"x"))
    with Client(encrypted.url, longest=3) as http:
        assert http.request("PUT", f"{encrypted.url}/document", content=b"y" * MEBIBYTE).content == b"x"
        encrypted.says("/document", Answer(trickle="body"))
        http._longest = 0.3
        with pytest.raises(NoAnswer) as caught:
            http.request("GET", f"{encrypted.url}/document")
    assert caught.value.sent
    [line] = tunnel.asked
    assert line.startswith(f"CONNECT {encrypted.url.removeprefix('https://')} ".encode())


def test_passwords_of_the_machine_are_not_sent(amazon, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    amazon.says("/document", Answer(200))
    documents.upload(f"{amazon.url}/document", b"x", "text/plain")
    assert "authorization" not in amazon.requests[0].headers


@pytest.mark.parametrize("length", [3, 2 * MEBIBYTE])
def test_a_cut_body(amazon, length):
    amazon.says("/document", Answer(body=b"x" * length, cut=1))
    with pytest.raises(RetryLater) as caught:
        documents.download(f"{amazon.url}/document")
    assert caught.value.sent


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=3), st.integers(0, 200))
def test_unpacking_gives_all_or_nothing(members, largest):
    content = b"".join(map(gzip.compress, members))
    plain = b"".join(members)
    if len(plain) > largest:
        with pytest.raises(OverflowError):
            unpack(content, largest)
    else:
        assert unpack(content, largest) == plain


@given(st.binary(max_size=200))
def test_unpacking_what_is_not_packed(content):
    try:
        assert len(unpack(content, 100)) <= 100
    except (ValueError, OverflowError) as error:
        assert str(error) in ("damaged gzip", "too large")
