"""Who is let in: names (DNS rebinding), origins (CSRF), tokens, kinds of bodies, rates."""

from __future__ import annotations

import base64

import pytest

from app.server.guard import Refused, Rules, check_body, check_names, check_token, is_known, tokens
from app.server.limits import Limits, Rate


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1:1", "[::1]:7860", "192.168.1.7", "paint.local"]
)
def test_our_names_are_known(host: str) -> None:
    assert is_known(host, {"paint.local"})


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:7860", "127.1.example", "[::1", "a@b"],
)
def test_other_names_are_refused(host: str) -> None:
    """A name that a page chose leads here when its name server says so."""
    assert not is_known(host, {"paint.local"})
    with pytest.raises(Refused) as refused:
        check_names(Rules(), {"host": host})
    assert refused.value.status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:7861"},
        {"origin": "http://localhost:7860.evil.example"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_origins_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        check_names(Rules(), {"host": "localhost:7860", **headers})
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:7860", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},  # a link to the page
        {"sec-fetch-site": "none"},
    ],
)
def test_our_own_page_and_other_programs_are_let_in(headers: dict[str, str]) -> None:
    check_names(Rules(), {"host": "localhost:7860", **headers})


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Bearer secret"}, b""),
        ({"authorization": "Basic " + base64.b64encode(b"anyone:secret").decode()}, b""),
        ({"cookie": "a=b; rayverie=secret"}, b""),
        ({}, b"token=secret"),
    ],
)
def test_the_token_comes_in_four_ways(headers: dict[str, str], query: bytes) -> None:
    check_token(Rules(token="secret"), {"query_string": query}, headers)
    with pytest.raises(Refused):
        check_token(Rules(token="another"), {"query_string": query}, headers)


@pytest.mark.parametrize("value", ["Basic ß", "Basic /", "Bearer", "", "Basic " + base64.b64encode(b"\xff").decode()])
def test_broken_tokens_are_none(value: str) -> None:
    assert "secret" not in tokens({}, {"authorization": value})
    with pytest.raises(Refused) as refused:
        check_token(Rules(token="secret"), {}, {"authorization": value})
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-length": "10", "content-type": "text/plain"}, 415),
        ({"content-length": "10", "content-type": "multipart/form-data; boundary=x"}, 415),
        ({"content-length": "10"}, 415),
        ({"transfer-encoding": "chunked", "content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-length": str(10**9), "content-type": "application/json"}, 413),
        ({"content-length": "9" * 5000, "content-type": "application/json"}, 413),
        ({"content-length": "-1", "content-type": "application/json"}, 413),
        ({"content-length": "²", "content-type": "application/json"}, 413),
    ],
)
def test_bodies_are_small_and_json(headers: dict[str, str], status: int) -> None:
    """A page can send the other kinds to any address without being asked (CSRF)."""
    with pytest.raises(Refused) as refused:
        check_body(Limits(), headers)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "headers", [{}, {"content-length": "0"}, {"content-length": "9", "content-type": "application/json; charset=utf-8"}]
)
def test_json_and_empty_bodies_are_let_in(headers: dict[str, str]) -> None:
    check_body(Limits(), headers)


def test_a_rate_allows_bursts_and_refills() -> None:
    rate = Rate(requests=2.0, burst=3, most=2)
    assert [rate.take("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert rate.take("b", 0.0)
    assert [rate.take("a", 1.0) for _ in range(3)] == [True, True, False]


def test_a_rate_remembers_few_addresses() -> None:
    rate = Rate(requests=1.0, burst=1, most=2)
    assert all(rate.take(address, 0.0) for address in "abc")
    assert rate.take("a", 0.0)  # forgotten: the longest unused
    assert not rate.take("c", 0.0)
