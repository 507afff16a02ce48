"""The GLB file: its structure, what its nodes tell, and that another renderer shows what the program shows."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.ndimage import binary_erosion

from base.errors import InputError
from engine.atlas.volume import LatentVolume
from engine.export.collider import collider_boxes
from engine.export.glb import COLLIDER, write_glb
from engine.export.source import Source
from engine.gl.context import wait_for_gl
from engine.render.renderer import Renderer
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import SKY
from tests.engine.export.conftest import around, quiet
from tests.engine.export.khronos import validate
from tests.engine.export.viewer import WIDTHS, Glb, Viewer
from tests.engine.village import CAMERAS

SIZE = (256, 144)
ALIKE = 2.0  # of 255: what two renderers may differ by on average


class Program:
    """The program's own renderer, without daylight on the paint."""

    def __init__(self, ctx, source: Source, volume: LatentVolume) -> None:
        self.ctx = ctx
        self.renderer = Renderer(ctx, source.charts, source.scene, volume, source.blocks, source.bare.light)
        self.target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))

    def draw(self, camera: Camera, mode: str = "painted") -> np.ndarray:
        """uint8 [H,W,3]"""
        self.renderer.draw(self.target, camera, SIZE, mode, top_first=True)
        wait_for_gl(self.ctx)
        return np.frombuffer(self.target.read(components=3, alignment=1), np.uint8).reshape(SIZE[1], SIZE[0], 3)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.fixture
def glb(whole, tmp_path) -> Glb:
    write_glb(whole, tmp_path / "village.glb", "png", quiet)
    return Glb(tmp_path / "village.glb")


def test_twenty_views_look_as_in_the_program(ctx, whole, volume, glb) -> None:
    viewer, program = Viewer(ctx, glb), Program(ctx, whole, volume)
    cameras = around(20)
    assert max(difference(viewer.draw(c, SIZE), program.draw(c)) for c in cameras) <= ALIKE
    assert difference(viewer.draw(cameras[0], SIZE), program.draw(cameras[1])) > 5 * ALIKE  # they are not all one


def test_webp_looks_the_same_and_is_smaller(ctx, whole, volume, glb, tmp_path) -> None:
    path = tmp_path / "small.glb"
    write_glb(whole, path, "webp", quiet)
    assert path.stat().st_size < (tmp_path / "village.glb").stat().st_size / 2
    assert Glb(path).top["extensionsRequired"] == ["EXT_texture_webp"]
    assert validate(path) == []
    viewer, program = Viewer(ctx, Glb(path)), Program(ctx, whole, volume)
    assert max(difference(viewer.draw(c, SIZE), program.draw(c)) for c in around(5)) <= ALIKE


def test_what_nobody_painted_has_the_bare_look(ctx, bare, volume, tmp_path) -> None:
    """The program lays haze over it, so it is looked at from near."""
    write_glb(bare, tmp_path / "bare.glb", "png", quiet)
    viewer, program = Viewer(ctx, Glb(tmp_path / "bare.glb")), Program(ctx, bare, volume)
    for place, target in (
        ((9.5, 2.0, 1.5), (9.0, 0.5, 3.0)),  # grass, and the shadow of a building
        ((6.0, 1.6, 6.5), (5.5, 1.5, 5.0)),  # brick
        ((8.0, 1.5, 10.5), (8.5, 0.5, 8.5)),  # water, through which one sees nothing but what lies below
        ((6.0, 3.5, 6.0), (9.0, 6.0, -4.0)),  # the sky
    ):
        camera = Camera.look_at(place, target, fov=50)
        assert difference(viewer.draw(camera, SIZE), program.draw(camera, "material")) <= 2 * ALIKE


def test_paint_beside_the_bare_look(ctx, partly, painted, tmp_path) -> None:
    write_glb(partly, tmp_path / "partly.glb", "png", quiet)
    viewer, program = Viewer(ctx, Glb(tmp_path / "partly.glb")), Program(ctx, partly, painted)
    camera = CAMERAS["street"]
    theirs, ours, bare = viewer.draw(camera, SIZE), program.draw(camera), program.draw(camera, "material")
    paint = np.asarray(
        binary_erosion(np.abs(ours.astype(int) - bare).max(axis=2) > 60, iterations=2)
    )  # where it doesn't fade out
    assert paint.mean() > 0.3
    assert difference(theirs[paint], ours[paint]) <= ALIKE


def test_the_validator_finds_no_error(glb, tmp_path) -> None:
    assert validate(tmp_path / "village.glb") == []


def test_the_validator_finds_errors_where_there_are(tmp_path, glb) -> None:
    path = tmp_path / "village.glb"
    path.write_bytes(path.read_bytes().replace(b'"VEC2"', b'"VEC4"'))
    assert validate(path)


def test_arrays_lie_inside_the_file_and_say_their_bounds(glb) -> None:
    for view in glb.top["bufferViews"]:
        assert view["byteOffset"] % 4 == 0 and view["byteOffset"] + view["byteLength"] <= len(glb.binary)
    for index, accessor in enumerate(glb.top["accessors"]):
        values = glb.array(index)
        assert np.isfinite(values).all() and values.shape == (accessor["count"], WIDTHS[accessor["type"]])
        if "min" in accessor:
            assert np.array_equal(values.min(axis=0), accessor["min"]) and np.array_equal(
                values.max(axis=0), accessor["max"]
            )


def test_every_corner_lies_in_its_texture_and_every_triangle_faces_outward(glb) -> None:
    for mesh in glb.top["meshes"]:
        for primitive in mesh["primitives"]:
            points = glb.array(primitive["attributes"]["POSITION"])
            triangles = glb.array(primitive["indices"]).reshape(-1, 3)
            assert triangles.max() < len(points)
            if "TEXCOORD_0" in primitive["attributes"]:
                corners = glb.array(primitive["attributes"]["TEXCOORD_0"])
                assert corners.min() > 0 and corners.max() < 1
            if mesh["name"] == "sky":
                middle = points[triangles].mean(axis=1)
                a, b, c = points[triangles].transpose(1, 0, 2)
                outward = np.cross(b - a, c - a)
                assert ((outward * (middle - points.mean(axis=0))).sum(axis=1) < 0).all()


def test_trimesh_opens_it(glb, whole, tmp_path) -> None:
    scene = trimesh.load_scene(tmp_path / "village.glb")
    assert {"grass", "brick", "water", "sky", COLLIDER} <= set(scene.graph.nodes_geometry)
    charts, built = whole.charts, whole.scene
    for index, material in enumerate(built.materials):
        mesh = scene.geometry[material.name]
        texels = whole.charts.size[charts.material == index].prod(axis=1).sum()
        assert mesh.area == pytest.approx(texels * charts.texel**2, rel=0.01)
        assert mesh.visual.material.baseColorTexture.size[0] > 0
    collider = scene.geometry["collider"]
    assert collider.is_watertight and collider.is_winding_consistent
    blocks = whole.blocks
    assert collider.volume == pytest.approx((blocks.solid > 0).sum() / blocks.voxels_per_block, rel=1e-5)
    assert len(collider.faces) == 12 * len(collider_boxes(blocks))


def test_nodes_tell_prompts_and_settings(glb, whole) -> None:
    brick, sky = glb.node("brick")["extras"], glb.node("sky")["extras"]
    assert (brick["prompt"], brick["height"], brick["opacity"]) == ("brick wall", 3.0, 1.0)
    assert (sky["prompt"], sky["sky"]) == (whole.scene.prompt(SKY)[0], True)
    assert glb.top["scenes"][0]["extras"]["world"]["scene"] == "village"
    assert glb.node(COLLIDER)["extras"] == {"collider": True}


def test_the_collider_is_not_drawn(glb) -> None:
    (primitive,) = glb.top["meshes"][glb.node(COLLIDER)["mesh"]]["primitives"]
    material = glb.top["materials"][primitive["material"]]
    assert material["alphaMode"] == "MASK" and material["pbrMetallicRoughness"]["baseColorFactor"][3] == 0


def test_what_shows_something_behind_it_is_blended_whether_it_is_painted_or_not(glb, bare, tmp_path) -> None:
    write_glb(bare, tmp_path / "bare.glb", "png", quiet)
    for file in (glb, Glb(tmp_path / "bare.glb")):
        modes = {m["name"].split()[0]: m["alphaMode"] for m in file.top["materials"]}
        assert (modes["water"], modes["brick"]) == ("BLEND", "OPAQUE")


def test_cameras_stand_and_move_as_on_their_paths(glb, whole) -> None:
    path, node = whole.scene.paths["tour"], glb.node("tour")
    first = path.keyframes[0].camera
    assert node["translation"] == list(first.position) and node["rotation"] == list(first.rotation)
    lens = glb.top["cameras"][node["camera"]]["perspective"]
    assert np.degrees(lens["yfov"]) == pytest.approx(first.fov)
    sky = glb.array(glb.top["meshes"][glb.node("sky")["mesh"]]["primitives"][0]["attributes"]["POSITION"])
    assert lens["zfar"] > np.linalg.norm(sky - first.position, axis=1).max()
    (animation,) = glb.top["animations"]
    found = {c["target"]["path"]: animation["samplers"][c["sampler"]] for c in animation["channels"]}
    times = glb.array(found["translation"]["input"])[:, 0]
    places, turns = (glb.array(found[name]["output"]) for name in ("translation", "rotation"))
    assert times[0] == 0 and times[-1] == pytest.approx(path.seconds)
    for time, place, turn in list(zip(times, places, turns, strict=True))[:-1]:
        camera = sample_path(path, float(time))
        assert np.allclose(place, camera.position, atol=1e-5)
        assert abs(turn @ camera.rotation) == pytest.approx(1, abs=1e-5)
    assert ((turns[1:] * turns[:-1]).sum(axis=1) > 0).all()  # never the long way round
    spawn = glb.node("spawn")
    assert spawn["translation"] == list(first.position) and spawn["extras"] == {"spawn": True}


def test_the_same_world_is_the_same_file(glb, whole, tmp_path) -> None:
    write_glb(whole, tmp_path / "again.glb", "png", quiet)
    assert (tmp_path / "again.glb").read_bytes() == (tmp_path / "village.glb").read_bytes()


def test_progress_rises_to_the_end(whole, tmp_path) -> None:
    shares: list[float] = []
    write_glb(whole, tmp_path / "village.glb", "png", lambda what, share: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) == len(whole.layout.pages)


def test_a_folder_that_is_a_file_is_refused(whole, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="could not be written"):
        write_glb(whole, tmp_path / "file" / "village.glb", "png", quiet)
