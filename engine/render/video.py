"""Writes frames to a video (by PyAV) or a folder of PNGs, with the settings inside and as JSON beside."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import av
import numpy as np
from PIL import Image, PngImagePlugin

from base.errors import InputError
from base.files import atomic_write, refuse_unwritable
from base.png import read_texts
from base.reading import is_file, parse_json, read_text, refuse_irregular


@dataclass(frozen=True)
class Codec:
    """name: FFmpeg's encoder; pixels: its pixel format; step: both sides must be multiples of it; inside: can hold metadata;
    fastest: frames a second that players show."""

    name: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)
    step: int = 1
    inside: bool = True
    fastest: float = 240.0


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        ".mp4": Codec("libx264", "yuv420p", {"crf": "18", "preset": "veryfast"}, step=2),
        ".webm": Codec("libvpx-vp9", "yuv420p", {"crf": "24", "b": "0", "cpu-used": "5", "row-mt": "1"}, step=2),
        ".mkv": Codec("ffv1", "bgr0"),  # lossless
        ".gif": Codec("gif", "pal8", inside=False, fastest=50.0),  # in hundredths of a second, and 1 is not obeyed
    }
)


class FrameWriter(ABC):
    """Writes frames uint8 [H,W,3 or 4], row 0 at the top; a context manager. After an exception no video remains; PNGs do."""

    def __init__(self, path: str | Path, size: tuple[int, int], metadata: Mapping[str, Any]) -> None:
        self.path, self.size, self.frames = Path(path), size, 0
        self.note = ""  # what the format can't do as asked, in a sentence for the user
        self.metadata = json.dumps(dict(metadata), sort_keys=True, default=str)

    def write(self, frame: np.ndarray) -> None:
        """Write a frame. ValueError for another shape or type."""
        width, height = self.size
        if frame.dtype != np.uint8 or frame.shape not in ((height, width, 3), (height, width, 4)):
            raise ValueError(
                f"a frame of {width}x{height} is wanted, uint8 [H,W,3 or 4], not {frame.dtype} {frame.shape}"
            )
        self._write(np.ascontiguousarray(frame[..., :3]))
        self.frames += 1

    def close(self) -> None:
        """Finish the file and write the settings beside it."""
        self._finish(None)
        with atomic_write(sidecar(self.path)) as temporary:
            temporary.write_text(self.metadata + "\n", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._finish(error)

    @abstractmethod
    def _write(self, frame: np.ndarray) -> None: ...

    @abstractmethod
    def _finish(self, error: BaseException | None) -> None: ...


class VideoWriter(FrameWriter):
    """A video; its suffix selects the codec (CODECS). Written to a temporary file and renamed when complete."""

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float, metadata: Mapping[str, Any]) -> None:
        super().__init__(path, size, metadata)
        codec = CODECS.get(self.path.suffix.lower())
        if codec is None:
            raise InputError(
                self.path, "", f"has a suffix that is none of {', '.join(CODECS)}; a name without one makes PNGs"
            )
        if any(n < 16 or n > 8192 or n % codec.step for n in size):
            raise InputError(
                self.path,
                "size",
                f"is {size[0]}x{size[1]}; sides of 16 to 8192 pixels in steps of {codec.step} are allowed",
            )
        if not 0 < fps <= 240:
            raise InputError(self.path, "fps", f"is {fps:g}; more than 0 and up to 240 are allowed")
        refuse_unwritable(self.path)
        self.fps = min(fps, codec.fastest)
        if self.fps < fps:
            self.note = (
                f"A {self.path.suffix} shows at most {codec.fastest:g} frames a second, not {fps:g}: it plays slower."
            )
        self._codec = codec
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_write(self.path))
            self._container = stack.enter_context(av.open(str(temporary), "w"))
            if codec.inside:
                self._container.metadata["comment"] = self.metadata
            rate = Fraction(self.fps).limit_denominator(1001)
            stream = self._container.add_stream(codec.name, rate=rate, options=dict(codec.options))
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = codec.pixels
            self._stream = stream
            self._stack = stack.pop_all()  # from now on `close` or an exception ends it

    def _write(self, frame: np.ndarray) -> None:
        self._container.mux(
            self._stream.encode(_palette_frame(frame) if self._codec.pixels == "pal8" else _frame(frame))
        )

    def _finish(self, error: BaseException | None) -> None:
        with self._stack:  # on exit it closes and renames the file, or removes it after an exception
            if error is not None:
                raise _Abandoned
            if self.frames == 0:
                raise InputError(self.path, "", "would be a video without a frame")
            self._container.mux(self._stream.encode(None))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(_Abandoned):
            super().__exit__(kind, error, trace)


class PngWriter(FrameWriter):
    """A folder of 00000.png, 00001.png, …; each file appears complete. Frames of an earlier, longer render are removed at the end;
    other pictures stay, whatever their names."""

    def __init__(self, path: str | Path, size: tuple[int, int], metadata: Mapping[str, Any]) -> None:
        super().__init__(path, size, metadata)
        if self.path.exists() and not self.path.is_dir():
            raise InputError(
                self.path, "", "is a file; a folder for PNGs is wanted (or a name with a suffix for a video)"
            )
        self._earlier = _read_comment(
            sidecar(self.path)
        )  # what an earlier render into this folder wrote into each frame
        self._comment = PngImagePlugin.PngInfo()
        self._comment.add_text("comment", self.metadata)

    def _write(self, frame: np.ndarray) -> None:
        with atomic_write(self.path / f"{self.frames:05d}.png") as temporary:
            Image.fromarray(frame).save(temporary, format="PNG", pnginfo=self._comment, compress_level=4)

    def _finish(self, error: BaseException | None) -> None:
        if error is None:
            for old in self.path.glob("[0-9][0-9][0-9][0-9][0-9].png"):
                if int(old.stem) >= self.frames and _read_comment(old) in (
                    self.metadata,
                    self._earlier or self.metadata,
                ):
                    old.unlink()


class _Abandoned(Exception):
    """Makes atomic_write remove the temporary file."""


def _read_comment(path: Path) -> str | None:
    """What a frame or the file beside frames says of its render; None where there is nothing of that kind."""
    try:
        if path.suffix == ".json":
            return read_text(path, "the settings of a render").strip()
        return read_texts(path).get("comment")
    except InputError:
        return None


def open_output(path: str | Path, size: tuple[int, int], fps: float, metadata: Mapping[str, Any]) -> FrameWriter:
    """Open a writer by the path's suffix: a video, or without a suffix a folder of PNGs. size: (width, height).

    Raises InputError for a path without a name of its own, such as "." or "..".
    """
    if Path(path).name in ("", ".."):
        raise InputError("--out", "", f"is {str(path)!r}; it must be the name of a video or of a folder for PNGs")
    return VideoWriter(path, size, fps, metadata) if Path(path).suffix else PngWriter(path, size, metadata)


def sidecar(path: str | Path) -> Path:
    """Return the JSON file beside an output: tour.mp4 → tour.mp4.json."""
    path = Path(path)
    return path.with_name(path.name + ".json")


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Read the settings inside a video or PNG, else those beside it. InputError if there are none."""
    path, beside = Path(path), sidecar(path)
    try:
        comment = _comment(path)
        if comment is None and is_file(beside):
            comment = read_text(beside, "the settings of a render")
        found = parse_json(comment or "", path, "the settings of a render", names=True)
    except InputError as error:
        raise InputError(path, "", "has no settings of a render in it, nor beside it") from error
    if not isinstance(found, dict):
        raise InputError(path, "", "has no settings of a render in it, but something else")
    return found


def _comment(path: Path) -> str | None:
    """The text inside a video or PNG, None where there is none. Raises InputError."""
    if path.suffix.lower() == ".png":
        return read_texts(path).get("comment")
    if path.suffix.lower() in CODECS and is_file(path):
        try:
            with av.open(str(refuse_irregular(path, "a video").absolute())) as container:
                return {k.lower(): v for k, v in container.metadata.items()}.get("comment")
        except InputError:
            raise
        except Exception as error:  # its reader raises whatever it thinks of
            raise InputError(path, "", "is not a video that can be read") from error
    return None


def _frame(rgb: np.ndarray) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(rgb, format="rgb24")


def _palette_frame(rgb: np.ndarray) -> av.VideoFrame:
    """Convert to a frame with a palette of its own, which looks far better than the encoder's fixed one."""
    image = Image.fromarray(rgb).quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    colours = np.zeros((256, 4), np.uint8)
    palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(palette), 0], colours[: len(palette), 1:] = 255, palette  # ARGB
    return av.VideoFrame.from_ndarray((np.asarray(image), colours), format="pal8")  # pyright: ignore[reportArgumentType] (a palette comes along)
