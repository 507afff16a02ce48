"""Request bodies of the API, made from the program's own settings classes: one definition for flags, files and requests."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.session import DAYLIGHT, PaintSettings
from base.settings import MOST_CHARACTERS, from_json, list_allowed, to_json
from base.step_schedule import Scheduled
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings

T = TypeVar("T")
MOST_ITEMS = 16  # of a list
STRICT = ConfigDict(extra="forbid")


def body_of(cls: type, name: str, leave: tuple[str, ...] = ()) -> type[BaseModel]:
    """Create a request body with the fields of a settings class, all optional; omitted ones keep the model's defaults.

    leave: fields that the body doesn't have; those that are settings classes themselves are left out, too.
    """
    hints, found = typing.get_type_hints(cls), {}
    for f in fields(cls):
        if f.name in leave or (is_dataclass(hints[f.name])):
            continue
        kind, meta = hints[f.name], f.metadata
        extra: dict[str, Any] = {"enum": list(list_allowed(meta))} if list_allowed(meta) and kind is str else {}
        if "range" in meta and kind in (int, float):
            extra |= {"minimum": meta["range"][0], "maximum": meta["range"][1]}
        found[f.name] = (_kind(kind) | None, Field(None, description=meta.get("help", ""), json_schema_extra=extra))
    return create_model(name, __config__=STRICT, __doc__=f"{(cls.__doc__ or '').strip()}", **found)


def _kind(kind: Any) -> Any:
    """Return the JSON type of a settings field."""
    text = typing.Annotated[str, Field(max_length=MOST_CHARACTERS)]
    if kind == Scheduled:
        return float | text
    if isinstance(kind, types.UnionType):
        return _kind(next(k for k in typing.get_args(kind) if k is not type(None)))
    if typing.get_origin(kind) is tuple:
        return typing.Annotated[list[_kind(typing.get_args(kind)[0])], Field(max_length=MOST_ITEMS)]
    return text if kind in (str, Path) else kind


def settings_of(base: T, given: BaseModel | Mapping[str, Any] | None, at: str = "") -> T:
    """Return `base` with the given fields of a body. Raises InputError."""
    values = given.model_dump(exclude_none=True) if isinstance(given, BaseModel) else dict(given or {})
    return from_json(type(base), to_json(base) | values, "request", at)[0]


# Fields that name files on the server's machine are left out; pictures are sent with the request.
DreamBody = body_of(DreamSettings, "DreamBody", leave=("style_picture",))
PaintBody = body_of(PaintSettings, "PaintBody")
_Generate = body_of(
    GenerateSettings, "_Generate", leave=("init", "mask", "control_image", "start_picture", "upscaler", "dream")
)
Picture = typing.Annotated[
    str | None,
    Field(None, description="A picture: its id, or base64, also as `data:image/png;base64,…`. Addresses are refused."),
]


class GenerateBody(_Generate):  # type: ignore[misc, valid-type]
    """Pictures to generate."""

    init: Picture = None
    mask: Picture = None
    dream: DreamBody | None = None  # type: ignore[valid-type]
    count: int = Field(1, ge=1, le=16, description="Number of pictures, with seeds that follow one another.")
    match: int = Field(0, ge=0, le=100, description="Use one of this many captions nearest to the prompt; 0 is off.")
    match_temperature: float = Field(
        0.0, ge=0.0, le=1.0, description="How randomly the caption is chosen; 0 takes the nearest."
    )


class MatchBody(BaseModel):
    """A prompt to find captions for."""

    model_config = STRICT
    prompt: str = Field(max_length=MOST_CHARACTERS, min_length=1)
    count: int = Field(8, ge=1, le=100)


class PictureBody(BaseModel):
    """A picture to keep."""

    model_config = STRICT
    data: str = Field(description="base64, also as `data:image/png;base64,…`")


class UpscaleBody(BaseModel):
    """A picture to enlarge."""

    model_config = STRICT
    picture: str
    upscaler: str = "Lanczos"
    size: tuple[int, int] | None = Field(None, description="Width and height in pixels; without it, `factor` counts.")
    factor: float = Field(2.0, ge=1.0, le=8.0)
    prompt: str = Field("", max_length=MOST_CHARACTERS, description="What the picture shows, for the upscaler Dream.")


class SceneBody(BaseModel):
    """A scene: its floor plan and its materials."""

    model_config = STRICT
    map: str = Field(description="The PNG, one pixel per block: its id or base64.")
    materials: str = Field(max_length=1 << 20, description="The text of a materials.yaml.")


class WorldBody(BaseModel):
    """A world to paint."""

    model_config = STRICT
    scene: str = Field("hamlet", max_length=100, description="A built-in scene or the id of one.")
    dream: DreamBody | None = None  # type: ignore[valid-type]
    paint: PaintBody | None = None  # type: ignore[valid-type]


class CameraBody(BaseModel):
    """A camera: a position and direction, or a path of the scene and a time."""

    model_config = STRICT
    position: tuple[float, float, float] | None = Field(None, description="Blocks; y is up.")
    yaw: float = Field(0.0, allow_inf_nan=False, description="Degrees; 0 looks along -z, 90 along -x.")
    pitch: float = Field(0.0, ge=-90.0, le=90.0, description="Degrees; positive looks up.")
    fov: float = Field(60.0, ge=20.0, le=120.0, description="Vertical field of view in degrees.")
    path: str | None = Field(None, max_length=200)
    seconds: float = Field(0.0, ge=0.0, le=1e6)


class DreamWorldBody(BaseModel):
    """The part of a world to paint: one view, or view after view."""

    model_config = STRICT
    camera: CameraBody | None = None
    views: int = Field(8, ge=1, le=1000, description="Without a camera: how many views at most.")
    until: float = Field(0.95, ge=0.0, le=1.0, description="Without a camera: stop when this share is painted.")


class RenderBody(BaseModel):
    """A view to render, or with `frames` a film of a path."""

    model_config = STRICT
    camera: CameraBody | None = None
    size: tuple[int, int] = (640, 360)
    mode: str = "painted"
    daylight: float = Field(DAYLIGHT, ge=0.0, le=1.0)
    path: str | None = Field(None, max_length=200, description="The path to film.")
    frames: int = Field(0, ge=0, le=1000, description="0 renders one view.")
    fps: float = Field(24.0, ge=1.0, le=240.0)
