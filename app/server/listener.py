"""A server's listening socket, token and address."""

from __future__ import annotations

import ipaddress
import secrets
import socket

from base.errors import InputError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def token_for(host: str, token: str) -> str:
    """Return the token that clients must send: the chosen one, or a random one if other machines can connect; "" if none is needed.

    Raises InputError for a token that can't be sent in a header.
    """
    token = token or ("" if is_loopback(host) else secrets.token_urlsafe(24))
    if not all(33 <= ord(c) < 127 and c not in ';,"\\' for c in token):
        raise InputError("--token", "", "has characters that a header can't hold; use letters and digits")
    return token


def url_of(host: str, listener: socket.socket, token: str) -> str:
    """The address of a listening socket, with the token."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/{f'?token={token}' if token else ''}"


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket. Raises InputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (socket.gaierror, UnicodeError):
        listener.close()
        raise InputError("--host", "", f"is {host!r}; it must be an address or a name of this machine") from None
    except OSError as error:
        listener.close()
        problem = f"is {host}:{port}, which can't be bound ({error.strerror}); choose another --port or --host"
        raise InputError("--port", "", problem) from None
    listener.listen(1024)
    return listener
