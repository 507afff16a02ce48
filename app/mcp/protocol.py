"""Calls of tools over the Model Context Protocol, by its SDK: validated, run as jobs with progress, cancelled, and logged."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, BinaryIO, cast

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from app.log import Log
from app.mcp.actions import Actions
from app.mcp.answers import Failed, answer, failure, sentence_of
from app.mcp.tools import TOOLS, Tool
from app.mcp.wire import CheckedLines, LinesIn, LinesOut
from app.server.backend import Backend
from app.server.jobs import Job, QueueFull
from base.errors import InputError, escape_controls, nearest, shorten

POLL = 0.05  # seconds between polls of a job
ABOUT = (
    "Rayverie generates pictures, and paints 3D scenes view by view: create_world, dream, render. "
    "undo takes back the last change; a cancelled call keeps what it had painted."
)

Report = Callable[[float, float, str], Awaitable[None]]  # step, steps, words


def serve(backend: Backend, source: BinaryIO, target: BinaryIO) -> None:
    """Answer one client until it closes `source`."""

    async def work() -> None:
        out = LinesOut(target)
        lines = cast(Any, CheckedLines(LinesIn(source, backend.limits.body), out)), cast(Any, out)
        server = server_of(Actions(backend, Log()))
        async with stdio_server(*lines) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    asyncio.run(work())


def server_of(actions: Actions) -> Server[Any]:
    """The SDK's server with our tools."""

    async def list_tools(*_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[describe(name, tool) for name, tool in TOOLS.items()])

    async def call(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        def note(level: str, words: str) -> None:
            actions.log.add(f"{params.name}: {shorten(words)}", level)  # warnings and errors go to stderr, too

        if (tool := TOOLS.get(params.name)) is None:
            problem = f"is no tool; there are {', '.join(TOOLS)}{nearest(params.name, TOOLS)}"
            return failure(str(InputError(params.name, "", problem)))
        try:
            done = await run_tool(actions, tool, params.arguments or {}, context.session.report_progress)
        except (InputError, ValidationError, QueueFull, Failed) as error:
            note("error", sentence := sentence_of(error))
            return failure(sentence)
        except anyio.get_cancelled_exc_class():
            note("warning", "cancelled")
            raise
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            note("error", sentence := f"internal error: {type(error).__name__}")
            return failure(sentence)
        if not tool.reads:
            note("info", "done")
        return done

    return Server(
        "Rayverie", version=version("rayverie"), instructions=ABOUT, on_list_tools=list_tools, on_call_tool=call
    )


def describe(name: str, tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=tool.reads, destructive_hint=tool.destroys, idempotent_hint=tool.reads, open_world_hint=False
    )
    return types.Tool(name=name, description=tool.about, input_schema=tool.body.model_json_schema(), annotations=hints)


async def run_tool(actions: Actions, tool: Tool, arguments: dict[str, Any], report: Report) -> types.CallToolResult:
    """Run a tool. A cancelled call cancels its job. Raises InputError, ValidationError, QueueFull and Failed."""
    jobs: list[Job] = []

    def begin() -> dict[str, Any] | Job:
        found = tool.run(actions, tool.body.model_validate(arguments))
        if isinstance(found, Job):
            jobs.append(found)
        return found

    try:
        found = await anyio.to_thread.run_sync(begin)
        if isinstance(found, Job):
            await follow(found, report)
        return await anyio.to_thread.run_sync(answer, actions.backend.store, found)
    finally:
        for job in jobs:
            actions.backend.jobs.cancel(job)  # no effect on a finished job


async def follow(job: Job, report: Report) -> None:
    """Report a job's steps until it ends. Steps only increase, as the protocol requires."""
    last = 0
    while not job.ended.is_set():
        if job.step > last:
            last = job.step
            await report(last, job.steps, escape_controls(f"{job.kind} {job.about}".strip())[:200])
        await anyio.sleep(POLL)
