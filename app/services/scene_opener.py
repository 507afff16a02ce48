"""Plans a scene in the background before it is opened."""

from __future__ import annotations

from concurrent.futures import Future

from app.loop.open_scene import Plan, Planner
from scenes.scene import Scene


class SceneOpener:
    """Plans the scene requested last; earlier requests are abandoned."""

    def __init__(self) -> None:
        self._planner = Planner()
        self._future: Future[Plan] | None = None

    def request(self, scene: Scene) -> None:
        self._future = self._planner.plan(scene)

    def poll(self) -> Plan | None:
        """The plan when it is ready, once; else None. Raises errors of planning."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        return future.result()

    def close(self) -> None:
        """Wait for the planning thread."""
        self._planner.close()
