"""Writes frames to a video (by PyAV) or a folder of PNGs, with the settings inside and as JSON beside."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from PIL import Image, PngImagePlugin

from base.errors import InputError
from base.files import atomic_write
from base.outputs import Output, is_marked_png, refuse_foreign, refuse_outputs
from engine.render.film_files import FRAME, film_outputs, frame_file, read_comment, refuse_film, sidecar

if TYPE_CHECKING:
    import av


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
        import av  # late, as FFmpeg's libraries take long to load, and the window may never need them

        codec = refuse_film(self.path, size, fps)
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
        self._earlier = read_comment(
            sidecar(self.path)
        )  # what an earlier render into this folder wrote into each frame
        self._comment = PngImagePlugin.PngInfo()
        self._comment.add_text("comment", self.metadata)

    def _write(self, frame: np.ndarray) -> None:
        file = frame_file(self.path, self.frames)
        refuse_foreign(Output(str(self.path), file, is_marked_png))
        with atomic_write(file) as temporary:
            Image.fromarray(frame).save(temporary, format="PNG", pnginfo=self._comment, compress_level=4)

    def _finish(self, error: BaseException | None) -> None:
        if error is None:
            for old in self.path.glob(FRAME):
                if int(old.stem) >= self.frames and read_comment(old) in (
                    self.metadata,
                    self._earlier or self.metadata,
                ):
                    old.unlink()


class _Abandoned(Exception):
    """Makes atomic_write remove the temporary file."""


def open_output(path: str | Path, size: tuple[int, int], fps: float, metadata: Mapping[str, Any]) -> FrameWriter:
    """Open a writer by the path's suffix: a video, or without a suffix a folder of PNGs. size: (width, height).

    Raises InputError for a name that no film can have, and where it would replace files that this program did not write.
    """
    path = Path(path)
    refuse_outputs(film_outputs(str(path), path, frames=1))
    return VideoWriter(path, size, fps, metadata) if path.suffix else PngWriter(path, size, metadata)


def _frame(rgb: np.ndarray) -> av.VideoFrame:
    import av

    return av.VideoFrame.from_ndarray(rgb, format="rgb24")


def _palette_frame(rgb: np.ndarray) -> av.VideoFrame:
    """Convert to a frame with a palette of its own, which looks far better than the encoder's fixed one."""
    import av

    image = Image.fromarray(rgb).quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    colours = np.zeros((256, 4), np.uint8)
    palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(palette), 0], colours[: len(palette), 1:] = 255, palette  # ARGB
    return av.VideoFrame.from_ndarray((np.asarray(image), colours), format="pal8")  # pyright: ignore[reportArgumentType] (a palette comes along)
