"""A small viewer of GLB files for the tests: it knows glTF and GL's own mip levels, and nothing of the program."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from engine.gl.context import wait_for_gl
from scenes.camera import Camera

TYPES = {5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
VERTEX = """#version 330
in vec3 position; in vec2 corner; uniform mat4 matrix; out vec2 place;
void main() { place = corner; gl_Position = matrix * vec4(position, 1.0); }"""
FRAGMENT = """#version 330
in vec2 place; uniform sampler2D picture; out vec4 colour;
void main() { colour = texture(picture, place); }"""


class Glb:
    """A GLB file, parsed. top: its JSON."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, total, length, kind = struct.unpack("<5I", data[:20])
        assert (magic, version, total, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
        self.top: dict[str, Any] = json.loads(data[20 : 20 + length])
        size, kind = struct.unpack("<2I", data[20 + length : 28 + length])
        assert kind == 0x004E4942 and size == self.top["buffers"][0]["byteLength"] == len(data) - 28 - length
        self.binary = data[28 + length :]

    def view(self, index: int) -> bytes:
        view = self.top["bufferViews"][index]
        return self.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def array(self, index: int) -> np.ndarray:
        accessor = self.top["accessors"][index]
        values = np.frombuffer(self.view(accessor["bufferView"]), TYPES[accessor["componentType"]])
        return values.reshape(accessor["count"], WIDTHS[accessor["type"]])

    def picture(self, texture: int) -> np.ndarray:
        """uint8 [H,W,4], without its mip levels."""
        found = self.top["textures"][texture]
        (source,) = (part["source"] for part in (found, *found.get("extensions", {}).values()) if "source" in part)
        image = self.top["images"][source]
        data = self.view(image["bufferView"])
        if image["mimeType"] == "image/ktx2":
            import alktx2  # an extra

            data, _ = alktx2.decode_ktx2_to_bytes(data)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))

    def node(self, name: str) -> dict[str, Any]:
        (found,) = (node for node in self.top["nodes"] if node["name"] == name)
        return found


class Viewer:
    """Draws a file's textured meshes as GL draws textures: trilinear, 8× anisotropic, one-sided."""

    def __init__(self, ctx: moderngl.Context, glb: Glb) -> None:
        self.ctx = ctx
        self.program = ctx.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT)
        self.parts: list[tuple[bool, moderngl.Texture, moderngl.VertexArray]] = []
        for node in glb.top["nodes"]:
            for primitive in glb.top["meshes"][node["mesh"]]["primitives"] if "mesh" in node else []:
                material = glb.top["materials"][primitive["material"]]
                picture = material["pbrMetallicRoughness"].get("baseColorTexture")
                if picture is not None:
                    loaded = self._load(glb, primitive, picture["index"], node)
                    self.parts.append((material["alphaMode"] == "BLEND", *loaded))

    def draw(self, camera: Camera, size: tuple[int, int]) -> np.ndarray:
        """uint8 [H,W,3], row 0 at the top."""
        target = self.ctx.framebuffer([self.ctx.texture(size, 4)], self.ctx.depth_renderbuffer(size))
        target.use()
        target.clear(depth=1.0)
        self.program["matrix"].write(camera.with_changes(far=1e4).matrix(size).T.astype("f4").tobytes())
        self.ctx.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self.ctx.depth_func = "<"
        self.ctx.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        for blended, texture, array in sorted(self.parts, key=lambda part: part[0]):
            (self.ctx.enable if blended else self.ctx.disable)(moderngl.BLEND)
            target.depth_mask = not blended
            texture.use(0)
            array.render(moderngl.TRIANGLES)
        target.depth_mask = True
        self.ctx.enable_only(moderngl.NOTHING)
        wait_for_gl(self.ctx)
        picture = np.frombuffer(target.read(components=3, alignment=1), np.uint8).reshape(size[1], size[0], 3)
        target.release()
        return picture[::-1]

    def _load(self, glb: Glb, primitive: dict, index: int, node: dict) -> tuple[moderngl.Texture, moderngl.VertexArray]:
        picture = np.ascontiguousarray(glb.picture(index))
        texture = self.ctx.texture(picture.shape[1::-1], 4, picture)
        texture.build_mipmaps()
        texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
        texture.repeat_x = texture.repeat_y = False
        texture.anisotropy = 8.0
        turn = Rotation.from_quat(node.get("rotation", (0, 0, 0, 1))).as_matrix()
        points = glb.array(primitive["attributes"]["POSITION"]) * node.get("scale", (1, 1, 1)) @ turn.T
        points = (points + node.get("translation", (0, 0, 0))).astype(np.float32)
        corners = glb.array(primitive["attributes"]["TEXCOORD_0"])
        buffers = [
            (self.ctx.buffer(points.tobytes()), "3f", "position"),
            (self.ctx.buffer(corners.tobytes()), "2f", "corner"),
        ]
        indices = self.ctx.buffer(glb.array(primitive["indices"]).tobytes())
        return texture, self.ctx.vertex_array(self.program, buffers, index_buffer=indices)
