"""What happens to the stage in a frame, part by part: it opens, one walks, the surfaces and the scene change, it is painted, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import compare
from app.loop.messages import Failed, Inspected, Message, Status
from app.loop.open_scene import Stage
from app.moving import walk
from app.state.keymap import BY_NAME, captions
from base.errors import InputError

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


def open_stage(x: Explorer) -> None:
    if x.opening is None or not x.opening.done():
        return
    opening, x.opening = x.opening, None
    plan = opening.result()
    x.stage = Stage(x.ctx, plan, x.session, x.worker)
    if x.model:
        x.stage.fit(x.session, x.model)
        _tell_of_world(x)
    x.walker = walk.Walker.at(x.stage.start(x.session.view.fov))
    x.log.add(f"{x.scene.name} is open: {plan.charts.texels:,} texels on {len(plan.charts):,} charts")


def follow(x: Explorer) -> None:
    """Bring the stage to what the user made of the scene; a film is finished in the scene that it began with."""
    assert x.stage is not None
    if x.travel.film is not None or x.retouch.busy or x.worlds.loading:
        return
    plan = x.stage.plan
    try:
        x.remodel.follow(x.stage, x.scene)
    except InputError:
        x.scene = x.remodel.followed
        raise
    if x.stage.plan is not plan:
        x.walker = walk.lifted(x.walker, x.stage.ground)


def touch(x: Explorer) -> None:
    """What the brush did, and what undo asks for, on the surfaces."""
    assert x.stage is not None
    x.brush.step(x)
    settled = not x.remodel.busy and x.remodel.followed is x.scene
    if not x.retouch.follow(x.stage, x.strokes, settled):
        x.say("Too far back: that paint is no longer stored", "warning")


def move(x: Explorer, seconds: float) -> None:
    if x.comparison is not None:
        return
    taken = x.travel.camera(x.clock())
    if taken is not None:
        x.walker = walk.Walker.at(taken)
    x.walker = x.controls.turned(x.walker, seconds)
    wish = x.controls.wish()
    if wish.forward or wish.right or wish.up:
        x.travel.playing = None
        if x.travel.flight is not None:
            x.travel.flight.follow = False
    ground = x.stage.ground if x.stage and x.session.view.walk else None
    x.walker = walk.step(x.walker, wish, seconds, ground)


def paint(x: Explorer, now: float) -> None:
    assert x.stage is not None
    compare.follow(x)
    painter, film, flight = x.stage.painter, x.travel.film, x.travel.flight
    painter.session = x.session
    # without a model its channels may still change the volume: dream after that
    idle = film or x.remodel.busy or x.retouch.busy or x.brush.painting or x.worlds.loading
    idle = idle or x.comparison is not None or painter.model is None or x.left_alone
    for message in painter.collect() if idle or flight else painter.update(x.camera, x.scene_size, now):
        _note(x, message, now)
    if film is not None:
        film.step(x.session.view.mode, x.session.view.daylight)
        if film.done:
            x.desk.stop_travel()
    if flight is not None and not idle:
        flight.step(x.camera, now)
        if flight.done:
            x.travel.flight = None
            x.say(f"Autopilot finished: {flight.words}")


def _note(x: Explorer, message: Message, now: float) -> None:
    if not (x.stage and x.stage.painter.refining):  # dozens of parts would drive out what they are parts of
        x.timeline = x.timeline.take(message, now)
    x.network = x.network.take(message)
    if isinstance(message, Inspected) and message.problem:
        x.say(f"The network can't be inspected: {message.problem}", "error")
    if isinstance(message, Failed):
        what = "The model can't be loaded" if message.request is None else "A dream failed"
        x.say(f"{what}: {message.problem}", "error", message.traceback)
    elif isinstance(message, Status):
        x.log.add(message.text[:1].upper() + message.text[1:])
        if message.model and x.stage:
            x.model = message.model
            x.stage.fit(x.session, message.model)
            x.desk.read_presets()
            if x.autosave.restore():
                return
            if x.session.world and x.session.world.exists():
                x.worlds.load()
            else:
                _tell_of_world(x)


def _tell_of_world(x: Explorer) -> None:
    """Somebody who saved this scene's world may look for it."""
    if x.worlds.home.exists():
        keys = captions(BY_NAME["load_world"], x.controls.bindings).split(", ")[0]
        x.say(f"This scene has a saved world; open it with Load world{f' ({keys})' if keys else ''}")


def draw(x: Explorer) -> None:
    assert x.stage is not None
    session = x.session
    view, steps, held = session.view, session.dream.steps, bool(x.brush.tool)
    picture = x.screen.draw(x.stage, x.camera, x.scene_size, view, steps, held, x.brush.painting)
    x.shell.show_scene(picture)
