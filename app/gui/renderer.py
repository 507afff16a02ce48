"""Draws Dear ImGui's draw lists with moderngl. moderngl-window's renderer can't handle the texture protocol of imgui 1.92."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
from imgui_bundle import imgui

VERTEX_SHADER = """
#version 330 core
uniform vec4 u_display;  // left, top, 2 / width, 2 / height, in points
in vec2 in_position;
in vec2 in_uv;
in vec4 in_colour;
out vec2 v_uv;
out vec4 v_colour;
void main() {
    v_uv = in_uv;
    v_colour = in_colour;
    vec2 p = (in_position - u_display.xy) * u_display.zw;
    gl_Position = vec4(p.x - 1.0, 1.0 - p.y, 0.0, 1.0);
}
"""

FRAGMENT_SHADER = """
#version 330 core
uniform sampler2D u_texture;
in vec2 v_uv;
in vec4 v_colour;
out vec4 colour;
void main() { colour = v_colour * texture(u_texture, v_uv); }
"""

# glBlendFuncSeparate(colour, alpha): keeps the target's alpha opaque, also for screenshots.
BLENDING = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)
MINIMUM = 1 << 16  # bytes; buffers grow by doubling and never shrink


class ImGuiRenderer:
    """Owns ImGui's GL objects for the current ImGui context. One `render` a frame, on the thread of the GL context."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._program: Any = ctx.program(vertex_shader=VERTEX_SHADER, fragment_shader=FRAGMENT_SHADER)
        self._owned: dict[int, moderngl.Texture] = {}  # ImGui's own (fonts), by GL name
        self._shown: dict[int, moderngl.Texture] = {}  # the program's pictures in this frame's lists
        self._vertices = ctx.buffer(reserve=MINIMUM, dynamic=True)
        self._indices = ctx.buffer(reserve=MINIMUM, dynamic=True)
        self._array = self._bind()
        io = imgui.get_io()
        io.backend_flags |= imgui.BackendFlags_.renderer_has_textures
        limit = ctx.info["GL_MAX_TEXTURE_SIZE"]
        platform = imgui.get_platform_io()
        platform.renderer_texture_max_width = platform.renderer_texture_max_height = limit

    def image(self, texture: moderngl.Texture) -> imgui.ImTextureRef:
        """A reference that ImGui's image calls take; valid until the next `begin`."""
        self._shown[texture.glo] = texture
        return imgui.ImTextureRef(texture.glo)

    def begin(self) -> None:
        """A new frame: forget the pictures of the last one."""
        self._shown.clear()

    def render(self, data: imgui.ImDrawData, target: moderngl.Framebuffer) -> None:
        """Draw `imgui.get_draw_data()` over `target`. Enable flags and the bound framebuffer are restored."""
        self._update_textures()
        scale = tuple(data.framebuffer_scale)
        width, height = (int(points * s) for points, s in zip(data.display_size, scale, strict=True))
        if width > 0 and height > 0 and self._upload(data):
            with self.ctx.scope(target, moderngl.BLEND):
                target.viewport = (0, 0, width, height)
                self.ctx.blend_func = BLENDING  # pyright: ignore[reportAttributeAccessIssue]
                left, top = data.display_pos
                self._program["u_display"] = (left, top, 2 / data.display_size.x, 2 / data.display_size.y)
                self._draw(data, target, (left, top), scale, (width, height))
                target.scissor = None  # pyright: ignore[reportAttributeAccessIssue]
                self.ctx.blend_func = moderngl.DEFAULT_BLENDING  # pyright: ignore[reportAttributeAccessIssue]

    def fingerprint(self, data: imgui.ImDrawData) -> tuple[object, ...]:
        """Equal for draw lists that look equal, as long as the program's pictures have the same content."""
        lists = list(data.cmd_lists)
        vectors = [(c.vtx_buffer, imgui.VERTEX_SIZE) for c in lists] + [(c.idx_buffer, imgui.INDEX_SIZE) for c in lists]
        commands = (
            (tuple(command.clip_rect), command.tex_ref.get_tex_id(), command.elem_count)
            for one in lists
            for command in one.cmd_buffer
        )
        settled = all(t.status == imgui.ImTextureStatus.ok for t in imgui.get_platform_io().textures)
        return settled, *(_bytes(*vector).tobytes() for vector in vectors), *commands

    def release(self) -> None:
        """Free every GL object; the ImGui context may then be destroyed."""
        for data in imgui.get_platform_io().textures:
            if data.ref_count == 1 and data.tex_id in self._owned:
                self._destroy(data)
        for thing in (self._array, self._vertices, self._indices, self._program, *self._owned.values()):
            thing.release()
        self._owned.clear()

    def _draw(self, data: imgui.ImDrawData, target: moderngl.Framebuffer, corner: Any, scale: Any, size: Any) -> None:
        first = 0
        for commands in data.cmd_lists:
            for command in commands.cmd_buffer:
                box = _clip(command.clip_rect, corner, scale, size)
                texture = self._find(command.tex_ref.get_tex_id())
                if box is None or texture is None or not command.elem_count:
                    continue
                target.scissor = box
                texture.use(0)
                self._array.render(moderngl.TRIANGLES, vertices=command.elem_count, first=first + command.idx_offset)
            first += commands.idx_buffer.size()

    def _find(self, name: int) -> moderngl.Texture | None:
        return self._owned.get(name) or self._shown.get(name)

    def _upload(self, data: imgui.ImDrawData) -> bool:
        """All lists into one vertex and one index buffer. Indices are 32 bit, so vertex offsets are added here."""
        if not data.total_vtx_count:
            return False
        vertices = np.concatenate([_bytes(c.vtx_buffer, imgui.VERTEX_SIZE) for c in data.cmd_lists])
        indices = np.concatenate(list(_indices(data)))
        grown = False
        for name, array in (("_vertices", vertices), ("_indices", indices)):
            buffer: moderngl.Buffer = getattr(self, name)
            if buffer.size < array.nbytes:
                buffer.release()
                setattr(self, name, self.ctx.buffer(reserve=2 ** int(array.nbytes - 1).bit_length(), dynamic=True))
                grown = True
        if grown:
            self._array.release()
            self._array = self._bind()
        for buffer, array in ((self._vertices, vertices), (self._indices, indices)):
            buffer.orphan()
            buffer.write(array)
        return True

    def _bind(self) -> moderngl.VertexArray:
        content = [(self._vertices, "2f 2f 4f1", "in_position", "in_uv", "in_colour")]
        return self.ctx.vertex_array(self._program, content, index_buffer=self._indices, index_element_size=4)

    def _update_textures(self) -> None:
        for data in imgui.get_platform_io().textures:
            if data.status == imgui.ImTextureStatus.want_create:
                texture = self.ctx.texture((data.width, data.height), 4, data.get_pixels_array())
                texture.repeat_x = texture.repeat_y = False
                self._owned[texture.glo] = texture
                data.set_tex_id(texture.glo)
                data.status = imgui.ImTextureStatus.ok
            elif data.status == imgui.ImTextureStatus.want_updates:
                pixels = data.get_pixels_array().reshape(data.height, data.width, 4)
                for r in data.updates:
                    part = np.ascontiguousarray(pixels[r.y : r.y + r.h, r.x : r.x + r.w])
                    self._owned[data.tex_id].write(part, viewport=(r.x, r.y, r.w, r.h))
                data.status = imgui.ImTextureStatus.ok
            elif data.status == imgui.ImTextureStatus.want_destroy and data.unused_frames > 0:
                self._destroy(data)

    def _destroy(self, data: imgui.ImTextureData) -> None:
        texture = self._owned.pop(data.tex_id, None)
        if texture is not None:
            texture.release()
        data.set_tex_id(0)
        data.status = imgui.ImTextureStatus.destroyed


def _bytes(vector: Any, size: int) -> np.ndarray:
    count = vector.size() * size
    return np.ctypeslib.as_array((ctypes.c_uint8 * count).from_address(vector.data_address())) if count else _NOTHING


def _indices(data: imgui.ImDrawData) -> Iterator[np.ndarray]:
    base = 0
    for commands in data.cmd_lists:
        indices = _bytes(commands.idx_buffer, 4).view(np.uint32)
        if any(command.vtx_offset for command in commands.cmd_buffer):
            indices = indices.copy()
            for command in commands.cmd_buffer:
                indices[command.idx_offset : command.idx_offset + command.elem_count] += np.uint32(command.vtx_offset)
        yield indices + np.uint32(base)
        base += commands.vtx_buffer.size()


def _clip(rect: Any, corner: Any, scale: Any, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """ImGui's clip rectangle (points, y down) as a scissor box (pixels, y up), or None when nothing is left."""
    x0, x1 = ((rect[i] - corner[0]) * scale[0] for i in (0, 2))
    y0, y1 = ((rect[i] - corner[1]) * scale[1] for i in (1, 3))
    x0, x1 = max(0, int(x0)), min(size[0], int(np.ceil(x1)))
    y0, y1 = max(0, int(y0)), min(size[1], int(np.ceil(y1)))
    return (x0, size[1] - y1, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


_NOTHING = np.zeros(0, dtype=np.uint8)
