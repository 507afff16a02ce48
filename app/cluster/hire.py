"""`--workers N` and `--cluster HOST:PORT`: a crew for as long as a command runs. Imports Ray only when one is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.commands import CrewChoice
from app.extras import refuse_without
from app.loop.crew import Crew
from app.loop.model_remarks import scene_loras
from app.session import Session
from base.errors import InputError, escape_controls
from diffusion.loaders.prompt_loras import style_names
from scenes.scene import Scene


@contextmanager
def hire_crew(
    choice: CrewChoice, session: Session, scene: Scene, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[Crew | None]:
    """Yield the crew that a command's flags request, with the session's model; None without such flags.

    Remarks about settings without effect and about lost workers go to stderr.
    cancelled: called while waiting; it may raise KeyboardInterrupt. Raises InputError.
    """
    if choice == CrewChoice():
        yield None
        return
    refuse_without(("ray",), "--workers" if choice.cluster is None else "--cluster", "cluster")
    from app.cluster.start import start_crew  # which brings Ray

    if choice.cluster is not None:
        _refuse_pictures(session, scene)
    loras, remarks = scene_loras(session, scene)
    _report(*remarks)
    with start_crew(choice, replace(session.model, lora=loras), _report, cancelled) as crew:
        _report(*crew.remarks(session, scene))
        yield crew


def _refuse_pictures(session: Session, scene: Scene) -> None:
    """Raise InputError for style pictures: the machines of a cluster don't have them."""
    names = [*filter(None, [session.dream.style_picture]), *style_names((*scene.prompts, *session.dream.further))]
    if names:
        raise InputError("--cluster", "", f"has no machine with the style picture {names[0]}; use --workers instead")


def _report(*lines: str) -> None:
    for line in lines:
        print(escape_controls(line), file=sys.stderr)
