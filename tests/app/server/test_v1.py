"""The API under /v1: pictures, jobs and their events, scenes, worlds that are painted, rendered and undone."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from app.server.backend import Backend
from diffusion.text2image.metadata import read_png
from tests.app.server.conftest import Client, opened, png

SMALL = {"prompt": "brick wall", "size": [32, 32], "dream": {"steps": 2, "seed": 7}}
SCENE = """
background: {prompt: blue sky}
voxels_per_block: 2
materials:
  - {name: floor, source: [-1, -1, -1], prompt: green grass, height: 0.5}
  - {name: wall, source: [255, 0, 0], prompt: red brick wall, height: 2}
"""


def events_of(client: Client, id: str) -> list[tuple[str, dict]]:
    """A job's server-sent events, to its end."""
    text = client.ask("GET", f"/v1/jobs/{id}/events")[1].decode()
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_picture_is_generated_and_carries_its_settings(client: Client, backend: Backend) -> None:
    made = client.finish("/v1/generate", SMALL | {"count": 2})
    assert made["state"] == "done" and made["step"] == made["steps"] == 4
    first, second = made["result"]["pictures"]
    assert (first["seed"], second["seed"]) == (7, 8)
    status, data = client.ask("GET", first["url"])
    assert status == 200 and opened(data).size == (32, 32)
    recipe = read_png(backend.store.path(first["id"], ""))
    assert recipe.settings.prompt == "brick wall" and recipe.settings.dream.steps == 2
    again = client.finish("/v1/generate", SMALL)["result"]["pictures"][0]
    assert client.ask("GET", again["url"])[1] == data


def test_events_tell_steps_and_previews_then_the_end(client: Client) -> None:
    job = client.json("POST", "/v1/generate", SMALL | {"dream": {"steps": 12}}, 202)
    events = events_of(client, job["id"])
    assert [name for name, _ in events].count("end") == 1 and events[-1][0] == "end"
    steps = [event["step"] for _, event in events]
    assert steps == sorted(steps) and steps[-1] == 12
    previews = [event["preview"] for _, event in events if "preview" in event]
    assert all(opened(base64.b64decode(preview)).format == "PNG" for preview in previews)
    assert events_of(client, job["id"])[0][1]["result"]["pictures"]  # asked for later, the end is told at once


def test_what_a_mask_keeps_is_the_picture_itself(client: Client) -> None:
    id = client.json("POST", "/v1/pictures", {"data": "data:image/png;base64," + png()}, 201)["id"]
    mask = png(colour="black")
    made = client.finish("/v1/generate", SMALL | {"init": id, "mask": mask, "dream": {"steps": 2, "strength": 0.5}})
    picture = opened(client.ask("GET", made["result"]["pictures"][0]["url"])[1])
    assert (np.asarray(picture) == (255, 0, 0)).all()


def test_a_picture_names_no_folder_of_this_machine(client: Client, backend: Backend) -> None:
    made = client.finish("/v1/generate", SMALL | {"init": png()})["result"]["pictures"][0]
    data = backend.store.path(made["id"], "").read_bytes()
    assert str(backend.store.path(made["id"], "").parent).encode() not in data
    assert (backend.maker.choice.ref or "").encode() not in data
    assert (backend.maker.choice.ref or "") not in json.dumps(made)


def test_an_anagram_is_generated(client: Client) -> None:
    body = SMALL | {"anagram": ["mossy stone"], "view": ["rotate_180"]}
    assert client.finish("/v1/generate", body)["state"] == "done"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": " "}, "prompt is missing"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": "x" * 20_000}, "prompt"),
        ({"size": [32]}, "size"),
        ({"size": [32, 10**9]}, "--size is 32x1000000000"),
        ({"dream": {"steps": 900}}, "dream.steps is 900; allowed is 1 to 200"),
        ({"dream": {"sampler": "eular"}}, "did you mean euler?"),
        ({"dream": {"unheard": 1}}, "dream.unheard"),
        ({"count": 99}, "count"),
        ({"init": "not base64!"}, "init is neither a picture in base64 nor the id of one"),
        ({"init": base64.b64encode(b"no picture").decode()}, "init is not a picture of a known kind"),
        ({"mask": png()}, "--mask needs --init"),
        ({"unheard": 1}, "unheard"),
    ],
)
def test_mistakes_are_one_sentence(client: Client, change: dict, words: str) -> None:
    detail = client.json("POST", "/v1/generate", SMALL | change, 422)["detail"]
    assert words in detail and "\n" not in detail


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"prompt": NaN}', b"\xff\xfe"])
def test_what_is_no_json_is_refused(client: Client, body: bytes) -> None:
    status, data = client.ask("POST", "/v1/generate", body)
    assert status == 422 and json.loads(data)["detail"]


def test_a_running_job_is_cancelled(client: Client, backend: Backend) -> None:
    job = client.json("POST", "/v1/generate", SMALL | {"size": [128, 128], "dream": {"steps": 200}}, 202)
    client.json("DELETE", f"/v1/jobs/{job['id']}")
    running = backend.jobs.get(job["id"])
    assert running is not None and running.ended.wait(60) and running.state == "cancelled"
    assert running.step < 200


def test_pictures_are_enlarged(client: Client) -> None:
    for upscaler in ("Nearest", "Rayverie", "Dream"):
        made = client.finish("/v1/upscale", {"picture": png(), "upscaler": upscaler, "prompt": "brick"})
        assert opened(client.ask("GET", made["result"]["pictures"][0]["url"])[1]).size == (64, 64)
    assert (
        "upscaler is 'ESRGAN'"
        in client.json("POST", "/v1/upscale", {"picture": png(), "upscaler": "ESRGAN"}, 422)["detail"]
    )


def test_prompts_are_matched(client: Client) -> None:
    found = client.finish("/v1/match", {"prompt": "forest", "count": 3})["result"]
    assert len(found["matches"]) == 3 and found["matches"][0]["similarity"] >= found["matches"][1]["similarity"]


def test_a_scene_is_sent_painted_rendered_and_undone(client: Client) -> None:
    picture = Image.new("RGBA", (6, 6))
    for x in range(1, 5):
        picture.putpixel((x, 2), (255, 0, 0, 255))
    target = io.BytesIO()
    picture.save(target, "PNG")
    body = {"map": base64.b64encode(target.getvalue()).decode(), "materials": SCENE}
    scene = client.json("POST", "/v1/scenes", body, 201)["id"]
    assert scene in client.json("GET", "/v1/scenes")
    assert client.json("GET", f"/v1/scenes/{scene}")["materials"][1]["name"] == "wall"
    world = client.json("POST", "/v1/worlds", {"scene": scene, "dream": {"steps": 1}, "paint": {"canvas": 64}}, 201)[
        "id"
    ]
    view = {"camera": {"path": "orbit"}, "size": [64, 48], "daylight": 0}

    def look() -> bytes:
        made = client.finish(f"/v1/worlds/{world}/render", view)["result"]["pictures"][0]
        return client.ask("GET", made["url"])[1]

    bare = look()
    assert client.finish(f"/v1/worlds/{world}/dream", {"camera": {"path": "orbit"}})["result"]["dreams"] > 0
    painted = look()
    assert painted != bare
    on = client.finish(f"/v1/worlds/{world}/dream", {"views": 1})["result"]
    assert 0 < on["coverage"] <= 1
    assert client.finish(f"/v1/worlds/{world}/undo")["result"] == {"left": 1}
    assert look() == painted
    assert client.finish(f"/v1/worlds/{world}/undo")["result"] == {"left": 0}
    assert look() == bare
    assert "nothing to undo" in client.finish(f"/v1/worlds/{world}/undo")["error"]
    film = client.finish(f"/v1/worlds/{world}/render", {"path": "orbit", "frames": 2, "size": [64, 48]})
    assert b"ftyp" in client.ask("GET", film["result"]["films"][0]["url"])[1][:16]
    assert "has a world" in client.json("DELETE", f"/v1/scenes/{scene}", status=422)["detail"]
    client.finish(f"/v1/worlds/{world}", method="DELETE")
    assert client.json("GET", "/v1/worlds") == []
    client.json("DELETE", f"/v1/scenes/{scene}")
    assert scene not in client.json("GET", "/v1/scenes")


@pytest.mark.parametrize(
    ("materials", "words"),
    [
        ("materials: 3", "materials.yaml: background is missing"),
        ("a: &a [*a]", "materials.yaml"),
        ("", "materials.yaml"),
    ],
)
def test_wrong_scenes_are_one_sentence(client: Client, backend: Backend, materials: str, words: str) -> None:
    before = backend.worlds.scenes()
    detail = client.json("POST", "/v1/scenes", {"map": png(), "materials": materials}, 422)["detail"]
    assert detail.startswith(words) and "\n" not in detail
    assert backend.worlds.scenes() == before


def test_the_page_and_the_schema_need_nothing_from_elsewhere(client: Client) -> None:
    for path in ("/", "/page.js", "/mask.js", "/page.css", "/docs", "/docs.js"):
        status, data = client.ask("GET", path)
        assert status == 200 and b"//cdn" not in data and b"https://" not in data
    paths = client.json("GET", "/openapi.json")["paths"]
    assert {"/v1/generate", "/v1/jobs/{id}/events", "/v1/scenes", "/v1/worlds/{id}/dream"} <= paths.keys()
    dream = client.json("GET", "/openapi.json")["components"]["schemas"]["DreamBody"]["properties"]
    assert "dpmpp_2m" in dream["sampler"]["enum"] and dream["steps"]["maximum"] == 200
