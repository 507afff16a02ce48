"""Starts Ray on this machine, or joins a cluster, and hires the workers there."""

from __future__ import annotations

import importlib
import logging
import math
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cluster.dreamer import Dreamer
from app.cluster.shipment import Shipment, pack
from app.commands import CrewChoice
from app.session import ModelChoice
from base.errors import InputError

if TYPE_CHECKING:
    from app.cluster.ray_crew import RayCrew

# Read by Ray when it is imported, and by all that it starts. The second makes it bind to the loopback address, on every system.
ALONE = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}
TOKEN = "RAY_AUTH_TOKEN"  # other users of this machine don't have it
STORE = 256 << 20  # bytes of shared memory for canvases and dreams on their way, for each worker
SHORT = "/tmp"  # a socket's path may have about a hundred characters, of which Ray's own part takes most
STARTS = 3  # times that Ray may need
REACH = 5.0  # seconds in which a cluster must answer


@contextmanager
def start_crew(
    choice: CrewChoice, model: ModelChoice, report: Callable[[str], None], cancelled: Callable[[], bool]
) -> Iterator[RayCrew]:
    """Start a crew with the model. report: called with one line; cancelled: called while waiting. Raises InputError.

    model: its LoRAs files alone. On this machine workers read its files where they are; to a cluster they travel once, through Ray's
    object store.
    """
    with join_ray(choice.cluster) if choice.cluster is not None else local_ray(choice.workers or 1):
        import ray

        cards = 0 if model.device in ("cpu", "mps") else int(ray.cluster_resources().get("GPU", 0))
        count = choice.workers or max(1, cards)
        if choice.cluster is not None:
            _refuse_too_many(count)
        report(f"Starting {count} worker{'s' if count > 1 else ''}.")
        shipment = Shipment(model) if choice.cluster is None else pack(model, ray.put)
        folder = "" if choice.cluster is not None else str(Path.cwd())
        crew = crew_of(Dreamer, count, shipment, folder, report, cancelled, cards)
        try:
            crew.wait_until_ready()
            yield crew
        finally:
            crew.close()


def crew_of(
    kind: type,
    count: int,
    shipment: Shipment,
    folder: str,
    report: Callable[[str], None],
    cancelled: Callable[[], bool] = lambda: False,
    cards: int = 0,
) -> RayCrew:
    """A crew of actors of a class like `Dreamer`, on the Ray that runs; they are not ready yet. folder: see `Dreamer.prepare`.

    cards: graphics cards that the workers share, 0: they compute on cores.
    """
    import ray

    from app.cluster.ray_crew import RayCrew

    share = 1 / math.ceil(count / cards) if cards else 0
    actor = ray.remote(kind).options(num_cpus=1, num_gpus=share, max_restarts=0)
    return RayCrew(actor.remote, partial(_prepare, shipment, folder), count, report, cancelled)


def _prepare(shipment: Shipment, folder: str, actor: Any) -> Any:
    return actor.prepare.remote(shipment, folder)


@cache
def _token() -> str:
    """This process's own: Ray keeps the first one that it reads, also when it is started again."""
    return secrets.token_hex(32)


@contextmanager
def local_ray(workers: int) -> Iterator[None]:
    """Run Ray on this machine for this process: on the loopback address, without dashboard and usage statistics, in a temporary folder."""
    before = {name: os.environ.get(name) for name in (*ALONE, TOKEN)}
    os.environ.update(ALONE | {TOKEN: _token()})
    folder = tempfile.mkdtemp(prefix=f"rayverie-{os.getpid()}-", dir=SHORT if Path(SHORT).is_dir() else None)
    import ray

    try:
        with _signals_kept():
            _init_here(workers, folder)
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _init_here(workers: int, folder: str) -> None:
    """Start Ray. Retries, because Ray gives up after 30 seconds, which may be too short on a busy machine. Raises InputError."""
    import psutil
    import ray

    ours = psutil.Process()
    for left in reversed(range(STARTS)):
        before = set(ours.children(recursive=True))
        try:
            ray.init(
                "local",
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=STORE * workers,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            return
        except Exception as error:  # Ray's own has no other name
            begun = set(ours.children(recursive=True)) - before
            for process in begun:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(list(begun), timeout=10)
            if not left:
                reason = " ".join(str(error).split())[:300].rstrip(".")
                raise InputError("--workers", "", f"can't start Ray on this machine: {reason}") from error


@contextmanager
def join_ray(address: str) -> Iterator[None]:
    """The Ray cluster at "HOST:PORT", which this machine must have joined. Raises InputError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise InputError("--cluster", address, "is no address; it must be HOST:PORT, as `ray start` prints it")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except OSError as error:
        raise InputError("--cluster", address, f"can't be reached ({error.strerror or error})") from None
    import ray

    try:
        with _signals_kept(), _without_pages():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError("--cluster", address, f"can't be joined: {' '.join(str(error).split())[:300]}") from None
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _without_pages() -> Iterator[None]:
    """Let a Ray that is joined within the block print no pages on stdout when a machine is lost; RayCrew says it in a line.

    Ray has no setting for it. One that names its listener differently prints its pages; all else is the same.
    """
    try:
        driver: Any = importlib.import_module("ray._private.worker")
        listener = driver.listen_error_messages
    except (ImportError, AttributeError):
        yield
        return
    driver.listen_error_messages = lambda *_: None
    try:
        yield
    finally:
        driver.listen_error_messages = listener


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep our signal handlers within the block: Ray's SIGTERM handler would exit at once, without saving paint."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse_too_many(count: int) -> None:
    """Raise InputError for more workers than the cluster has cores: Ray would wait for them forever."""
    import ray

    cores = int(ray.cluster_resources().get("CPU", 0))
    if count > cores:
        raise InputError("--workers", "", f"is {count}; the cluster has {cores} cores")
