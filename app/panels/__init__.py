"""The panels, in the order of their tabs. A new one is a file with a class and a line here."""

from __future__ import annotations

from app.panels.autopilot import AutopilotPanel
from app.panels.camera import CameraPanel
from app.panels.context import Panel, PanelContext
from app.panels.gallery import GalleryPanel
from app.panels.image import ImagePanel
from app.panels.lessons import LessonsPanel
from app.panels.log import LogPanel
from app.panels.models import ModelsPanel
from app.panels.network import NetworkPanel
from app.panels.picture import PicturePanel
from app.panels.preview import PreviewPanel
from app.panels.sampler import SamplerPanel
from app.panels.scene import ScenePanel
from app.panels.timeline import TimelinePanel
from app.panels.view import ViewPanel
from app.panels.volume import VolumePanel

# Panel and the dock it starts in: "top" and "bottom" share the right side; "float" is a window over the scene that opens on request.
PANELS: tuple[tuple[type[Panel], str], ...] = (
    (ViewPanel, "top"),
    (ScenePanel, "top"),
    (SamplerPanel, "top"),
    (VolumePanel, "top"),
    (CameraPanel, "top"),
    (NetworkPanel, "top"),
    (PicturePanel, "top"),
    (PreviewPanel, "bottom"),
    (TimelinePanel, "bottom"),
    (AutopilotPanel, "bottom"),
    (ImagePanel, "bottom"),
    (GalleryPanel, "bottom"),
    (ModelsPanel, "bottom"),
    (LogPanel, "bottom"),
    (LessonsPanel, "float"),
)

__all__ = ["PANELS", "Panel", "PanelContext"]
