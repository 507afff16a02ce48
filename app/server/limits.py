"""Limits on the resources of one client."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """body: bytes of a request; head_seconds, body_seconds: for a request to arrive; send_seconds: for a client to take what is sent

    requests: per second and address on average, with `burst` at once; connections: open at a time
    jobs: waiting or running; count: pictures of a request
    stored, stored_bytes: pictures and films that are kept; places: scenes, and worlds, that may be at a time
    """

    body: int = 32 * MIB
    head_seconds: float = 15.0
    body_seconds: float = 60.0
    send_seconds: float = 30.0
    requests: float = 50.0
    burst: int = 400
    connections: int = 512
    jobs: int = 16
    count: int = 16
    stored: int = 500
    stored_bytes: int = 2 << 30
    places: int = 200


class Rate:
    """A bucket of tokens for each address, refilled evenly."""

    def __init__(self, requests: float, burst: int, most: int = 10_000) -> None:
        self._requests, self._burst, self._most = requests, burst, most
        self._buckets: dict[str, tuple[float, float]] = {}  # address → (tokens, when)

    def take(self, address: str, now: float) -> bool:
        """Whether a request at `now` (seconds) is allowed; it takes a token then."""
        tokens, before = self._buckets.pop(address, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - before) * self._requests)
        allowed = tokens >= 1
        self._buckets[address] = (
            tokens - allowed,
            now,
        )  # moved to the end, so that the first ones are the least recently used
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return allowed
