"""camera_path.json in the forms that are about, and the spline between keyframes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InputError
from scenes.camera import Camera
from scenes.nerfstudio import read_path, write_path
from scenes.paths import close_loop, sample_path, sample_positions
from scenes.scene import CameraPath, Keyframe

PLACES = [(0.0, 2.0, 0.0), (4.0, 2.0, 1.0), (6.0, 3.0, 5.0), (1.0, 2.5, 6.0)]
TIMES = [0.0, 1.0, 3.5, 4.0]


def path(loop: bool = False, roll: float = 0.0) -> CameraPath:
    cameras = [Camera.from_angles(p, 100.0 * i, -5.0 * i, 50.0 + i) for i, p in enumerate(PLACES)]
    if roll:
        turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        poses = [c.pose for c in cameras]
        for pose in poses:
            pose[:3, :3] = pose[:3, :3] @ turn
        cameras = [Camera.from_pose(p, c.fov) for p, c in zip(poses, cameras, strict=True)]
    keys = [Keyframe(c, t) for c, t in zip(cameras, TIMES, strict=True)]
    return CameraPath("mine", close_loop(keys, 6.0) if loop else tuple(keys), fps=30.0, loop=loop)


def same(a: Camera, b: Camera, tolerance: float = 1e-6) -> bool:
    return np.allclose(a.pose, b.pose, atol=tolerance) and abs(a.fov - b.fov) < tolerance


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("roll", [0.0, 0.4])
def test_round_trip(loop: bool, roll: float, tmp_path: Path) -> None:
    before = path(loop, roll)
    write_path(before, tmp_path / "mine.json", (640, 360))
    after = read_path(tmp_path / "mine.json")
    assert (after.name, after.fps, after.loop) == ("mine", 30.0, loop)
    assert after.seconds == pytest.approx(before.seconds) and len(after.keyframes) == len(before.keyframes)
    for t in np.linspace(0, before.seconds, 40):
        assert same(sample_path(before, t), sample_path(after, t))


def test_written_fields_are_nerfstudios(tmp_path: Path) -> None:
    write_path(path(), tmp_path / "p.json", (640, 360))
    data = json.loads((tmp_path / "p.json").read_text())
    assert (data["render_width"], data["render_height"], data["camera_type"]) == (640, 360, "perspective")
    assert (data["fps"], data["seconds"], data["is_cycle"]) == (30.0, 4.0, False)
    assert len(data["keyframes"]) == 4 and len(data["camera_path"]) == 121
    frame = data["camera_path"][30]
    np.testing.assert_allclose(np.reshape(frame["camera_to_world"], (4, 4)), sample_path(path(), 1.0).pose, atol=1e-5)
    assert frame["aspect"] == pytest.approx(640 / 360) and frame["fov"] == pytest.approx(51.0)


@pytest.mark.parametrize("loop", [False, True])
def test_frames_alone_are_enough(loop: bool, tmp_path: Path) -> None:
    write_path(path(loop), tmp_path / "p.json")
    data = json.loads((tmp_path / "p.json").read_text())
    del data["keyframes"]
    (tmp_path / "p.json").write_text(json.dumps(data))
    after = read_path(tmp_path / "p.json")
    assert after.seconds == pytest.approx(path(loop).seconds)
    for t in (0.0, 0.7, 2.0, 3.9):
        assert same(sample_path(after, t), sample_path(path(loop), t), 2e-3)


def test_old_keyframes_are_columns_in_a_text_and_share_the_time_evenly(tmp_path: Path) -> None:
    cameras = [Camera.from_angles(p, 30.0 * i, 5.0) for i, p in enumerate(PLACES)]
    keys = [{"matrix": json.dumps(c.pose.T.ravel().tolist()), "fov": 60, "aspect": 1.5} for c in cameras]
    (tmp_path / "old.json").write_text(json.dumps({"keyframes": keys, "seconds": 9, "is_cycle": False}))
    old = read_path(tmp_path / "old.json")
    assert [k.time for k in old.keyframes] == [0, 3, 6, 9]
    assert all(same(k.camera, c) for k, c in zip(old.keyframes, cameras, strict=True))


def test_transition_seconds_without_times(tmp_path: Path) -> None:
    write_path(path(loop=True), tmp_path / "p.json")
    data = json.loads((tmp_path / "p.json").read_text())
    for key in data["keyframes"]:
        del key["properties"]
    (tmp_path / "p.json").write_text(json.dumps(data))
    assert [k.time for k in read_path(tmp_path / "p.json").keyframes] == pytest.approx([*TIMES, 6.0])


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("roll", [0.0, 0.4])
def test_the_spline_passes_its_keyframes_without_a_jump(loop: bool, roll: float) -> None:
    p = path(loop, roll)
    for key in p.keyframes:
        assert same(sample_path(p, key.time), key.camera)
    times = np.linspace(0, p.seconds, 2000)
    poses = np.array([sample_path(p, t).pose for t in times])
    assert np.abs(np.diff(poses, axis=0)).max() < 0.04
    np.testing.assert_allclose(sample_positions(p, times), poses[:, :3, 3], atol=1e-9)
    speed = np.diff(poses[:, :3, 3], axis=0) / (times[1] - times[0])
    assert np.linalg.norm(np.diff(speed, axis=0), axis=1).max() < 0.12  # no corner in the way
    if loop:
        assert same(sample_path(p, p.seconds + 0.5), sample_path(p, 0.5))
        assert np.linalg.norm(speed[0] - speed[-1]) < 0.12
    else:
        assert same(sample_path(p, 99.0), p.keyframes[-1].camera) and same(sample_path(p, -1.0), p.keyframes[0].camera)


@given(st.floats(0, 6))
def test_upright_keyframes_stay_upright(t: float) -> None:
    right, up, _ = sample_path(path(loop=True), t).axes
    assert abs(right[1]) < 1e-9 and up[1] > 0


def pose(**changes: object) -> dict:
    return {"matrix": np.eye(4).ravel().tolist(), "fov": 60, "aspect": 1.0, **changes}


def of(values: object) -> dict:
    return pose(matrix=values)


GOOD = pose(matrix=[1, 0, 0, 3, 0, 1, 0, 2, 0, 0, 1, 1, 0, 0, 0, 1])
MIRROR = np.diag([1.0, 1.0, -1.0, 1.0]).ravel().tolist()
MISTAKES = {
    "nothing": ({}, "camera_path", "1 to"),
    "keyframes a text": ({"keyframes": "many"}, "keyframes", "1 to"),
    "not an object": ({"keyframes": [GOOD, 3]}, "keyframes[1]", "object"),
    "nine numbers": ({"keyframes": [GOOD, of([1] * 9)]}, "keyframes[1].matrix", "16 numbers"),
    "no matrix": ({"keyframes": [GOOD, {"fov": 3}]}, "keyframes[1].camera_to_world", "16 numbers"),
    "not finite": ({"keyframes": [GOOD, of([float("nan")] * 16)]}, "", "NaN is no number"),
    "not finite in a text": ({"keyframes": [GOOD, of("[NaN" + ", 0" * 15 + "]")]}, "keyframes[1].matrix", "NaN"),
    "deep in a text": ({"keyframes": [GOOD, of("[" * 10_000)]}, "keyframes[1].matrix", "deep"),
    "too large": ({"keyframes": [GOOD, of([10**400] * 16)]}, "", "a number of 401 digits"),
    "scaled": ({"keyframes": [GOOD, of([2, *GOOD["matrix"][1:]])]}, "keyframes[1].matrix", "rotation"),
    "mirrored": ({"keyframes": [GOOD, of(MIRROR)]}, "keyframes[1].matrix", "rotation"),
    "far away": ({"keyframes": [GOOD, of([1, 0, 0, 1e9, *GOOD["matrix"][4:]])]}, "keyframes[1].matrix", "not from"),
    "fov": ({"keyframes": [GOOD, pose(fov=180)]}, "keyframes[1].fov", "1 to 170"),
    "fps": ({"keyframes": [GOOD, GOOD], "fps": 0}, "fps", "0.1 to 1000"),
    "seconds": ({"keyframes": [GOOD, GOOD], "seconds": -1}, "seconds", "to 3600"),
    "many seconds": ({"camera_path": [GOOD] * 2000, "fps": 0.5}, "seconds", "is 3998.0; it is a number from 0 to 3600"),
    "many transitions": (
        {"keyframes": [pose(override_transition_enabled=True, override_transition_sec=3600)] * 2000},
        "keyframes",
        "lasts at most 3600 seconds",
    ),
    "far": ({"keyframes": [of([1e200] * 12 + [0, 0, 0, 1])]}, "keyframes[0].matrix", "not from -1e+06 to 1e+06"),
    "scaled beyond": ({"keyframes": [of([1e155 * v for v in GOOD["matrix"]])]}, "keyframes[0].matrix", "not from"),
    "cycle": ({"keyframes": [GOOD, GOOD], "is_cycle": "perhaps"}, "is_cycle", "true or false"),
    "times": ({"keyframes": [pose(properties=[["TIME", 0.5]])] * 2}, "keyframes", "rise"),
    "time": ({"keyframes": [pose(properties=[["TIME", -2]])] * 2}, "keyframes[0].properties TIME", "0 to 3600"),
    "a panorama": ({"camera_type": "Equirectangular", "keyframes": [GOOD, GOOD]}, "camera_type", "perspective"),
    "a fisheye": ({"camera_type": "fisheye", "keyframes": [GOOD, GOOD]}, "camera_type", "perspective"),
    "a camera type of another type": ({"camera_type": 3, "keyframes": [GOOD]}, "camera_type", "perspective"),
    "a list": ([1, 2], "", "JSON object"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str, tmp_path: Path) -> None:
    data, field, allowed = MISTAKES[name]
    (tmp_path / "p.json").write_text(json.dumps(data))
    with pytest.raises(InputError) as caught:
        read_path(tmp_path / "p.json")
    assert caught.value.field == field and allowed in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(InputError, match=r"p\.json"):
        read_path(tmp_path / "p.json")


def of_web_viewer(times: list[float], **more: object) -> dict:
    """As nerfstudio's web viewer wrote: matrices by columns and properties as JSON texts, loose types."""
    keys = [
        {
            "matrix": json.dumps(Camera.from_angles(p, 30.0 * i, 0.0).pose.T.ravel().tolist()),
            "fov": "50",
            "properties": json.dumps([["FOV", 50], ["NAME", f"Camera {i}"], ["TIME", time]]),
        }
        for i, (p, time) in enumerate(zip(PLACES, times, strict=False))
    ]
    return {"camera_type": "perspective", "keyframes": keys, "camera_path": [], "fps": 24, "seconds": 4, **more}


def read(data: object, tmp_path: Path, name: str = "p.json") -> CameraPath:
    (tmp_path / name).write_text(json.dumps(data))
    return read_path(tmp_path / name)


def test_a_loop_of_the_web_viewer_ends_at_1_and_its_way_back_follows(tmp_path: Path) -> None:
    loop = read(of_web_viewer([0, 0.3, 0.6, 1], is_cycle=True), tmp_path)
    assert loop.loop and loop.seconds == 4
    assert [k.time for k in loop.keyframes] == pytest.approx([0, 0.9, 1.8, 3, 4])
    assert same(loop.keyframes[0].camera, loop.keyframes[-1].camera)


def test_times_of_the_blender_add_on_are_seconds(tmp_path: Path) -> None:
    frames = read(of_web_viewer([0, 1 / 24, 2 / 24, 3 / 24], seconds=4 / 24), tmp_path)
    assert [k.time for k in frames.keyframes] == pytest.approx([0, 1 / 24, 2 / 24, 3 / 24])
    long = read(of_web_viewer([0, 1.5, 2, 3], seconds=3), tmp_path)
    assert [k.time for k in long.keyframes] == pytest.approx([0, 1.5, 2, 3])


def test_a_pose_scaled_as_a_whole_is_a_pose(tmp_path: Path) -> None:
    camera = Camera.from_angles((1.0, 2.0, 3.0), 40.0, -10.0)
    scaled = camera.pose.copy()
    scaled[:3, :3] *= 2.5
    found = read({"keyframes": [of(scaled.ravel().tolist()), GOOD]}, tmp_path)
    assert same(found.keyframes[0].camera, camera)


@pytest.mark.parametrize(
    "loose",
    [
        {"fps": "30", "seconds": "2", "is_cycle": "true"},
        {"fps": 30, "seconds": 2, "is_cycle": 1},
        {"fps": 30.0, "seconds": 2.0, "is_cycle": True, "default_fov": None, "camera_type": None},
    ],
)
def test_loose_types_mean_the_same(loose: dict, tmp_path: Path) -> None:
    keys = [GOOD | {"fov": None}, pose(fov="60"), GOOD | {"override_transition_enabled": "false"}]
    found = read({"keyframes": [*keys, pose(matrix=np.eye(4).ravel().tolist())], **loose}, tmp_path)
    assert found.loop and found.seconds == 2 and found.fps == 30 and found.keyframes[0].camera.fov == 60


@pytest.mark.parametrize(("fps", "seconds", "lasts"), [(24, 0, 1 / 24), (None, None, 1 / 24), (10, 3, 3)])
@pytest.mark.parametrize("field", ["keyframes", "camera_path"])
def test_one_camera_is_a_still(
    field: str, fps: float | None, seconds: float | None, lasts: float, tmp_path: Path
) -> None:
    still = read({field: [GOOD], "fps": fps, "seconds": seconds, "is_cycle": True}, tmp_path)
    assert still.seconds == pytest.approx(lasts) and not still.loop
    assert same(sample_path(still, 0.0), sample_path(still, 1.0)) and sample_path(still, 0.0).position == (3, 2, 1)


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_every_rotation_survives_its_matrix(q: tuple[float, ...]) -> None:
    camera = Camera(position=(1.0, 2.0, 3.0), rotation=tuple(np.array(q) / np.linalg.norm(q)))  # type: ignore[arg-type]
    assert np.allclose(Camera.from_pose(camera.pose).pose, camera.pose, atol=1e-6)


def test_a_loop_of_two_equal_cameras_stands_still() -> None:
    camera = Camera.from_angles((1.5, 1.6, 6.5), 0.0, 0.0, 60.0)
    keyframes = close_loop([Keyframe(camera, 0.0), Keyframe(camera, 2.0)], 2.0)
    assert [k.time for k in keyframes] == [0.0, 2.0]
    path = CameraPath("still", keyframes, loop=True)
    assert np.isfinite(sample_positions(path, np.linspace(0, 2, 5))).all()
