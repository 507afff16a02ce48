"""Downloads over real HTTP from a hub on this machine: what is taken, cut connections, damaged bytes, and no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import InputError
from diffusion.library.hub_cache import delete_repo, find_repo, list_cached_repos, verify_repo
from diffusion.library.hub_download import plan_download, run_download
from diffusion.library.listing import facts_within, find_listed
from diffusion.loaders.hub_snapshot import find_snapshot
from diffusion.loaders.loading import load_model
from tests.diffusion.library.fake_hub import COMMIT, ID, FakeHub, sha256

UNET = "unet/diffusion_pytorch_model.safetensors"


def test_a_model_is_downloaded_checked_and_loads(hub: FakeHub, tmp_path: Path, monkeypatch) -> None:
    plan = plan_download(ID, tmp_path)
    assert plan.commit == COMMIT and plan.missing == plan.bytes > 0
    got: list[int] = []
    folder = run_download(plan, tmp_path, got.append)
    assert sum(got) == plan.bytes
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == {file.name for file in plan.files}
    assert not any(name.endswith((".bin", ".py", ".md")) for name in there) and UNET in there
    assert not any(path.endswith((".bin", ".py", ".md")) for _, path, _ in hub.asked)
    (repo,) = list_cached_repos(tmp_path)
    assert (repo.id, repo.snapshot, repo.unfinished, repo.bytes) == (ID, folder, 0, plan.bytes)
    problems, compared, without = verify_repo(repo)
    assert not problems and not without and compared == len(there)
    assert find_listed(ID, tmp_path).facts.usable
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert load_model(ID, "cpu").id.startswith(ID)


def test_what_is_there_is_not_downloaded_again(hub: FakeHub, tmp_path: Path) -> None:
    run_download(plan_download(ID, tmp_path), tmp_path)
    hub.asked.clear()
    again = plan_download(ID, tmp_path)
    assert again.missing == 0
    run_download(again, tmp_path)
    assert not hub.fetched(UNET)


def test_a_cut_connection_goes_on_where_it_ended(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts[UNET] = [5000, 700]
    folder = run_download(plan_download(ID, tmp_path), tmp_path)
    assert hub.fetched(UNET) == [0, 5000, 5700]
    assert sha256((folder / UNET).read_bytes()) == sha256(hub.files[ID][UNET])


def test_a_download_that_was_given_up_goes_on_at_the_next_try(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts[UNET] = [5000, *[0] * 20]
    with pytest.raises(InputError, match=r"no connection to http.*what has arrived is kept"):
        run_download(plan_download(ID, tmp_path), tmp_path)
    (repo,) = list_cached_repos(tmp_path)
    assert repo.unfinished == 1 and verify_repo(repo)[0]
    assert repo == find_repo(ID, tmp_path) and repo.bytes >= 5000
    hub.cuts.clear()
    hub.asked.clear()
    plan = plan_download(ID, tmp_path)
    assert plan.missing <= plan.bytes - 5000
    run_download(plan, tmp_path)
    assert hub.fetched(UNET) == [5000]
    assert not verify_repo(find_repo(ID, tmp_path))[0]


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts[UNET], hub.ranges = [5000], False
    plan, got = plan_download(ID, tmp_path), []
    folder = run_download(plan, tmp_path, got.append)
    assert (folder / UNET).read_bytes() == hub.files[ID][UNET] and sum(got) == plan.bytes


def test_bytes_that_arrive_damaged_are_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.corrupt.add(UNET)
    with pytest.raises(InputError, match=r"arrived damaged.*SHA-256"):
        run_download(plan_download(ID, tmp_path), tmp_path)
    assert not [
        p
        for p in (tmp_path / "models--someone--painter" / "blobs").iterdir()
        if p.stat().st_size == len(hub.files[ID][UNET])
    ]


@pytest.mark.parametrize(
    ("repo", "revision", "words"),
    [
        ("someone/else", "main", "is not at http"),
        (ID, "v9", "has no such --revision"),
        ("..//x", "main", "is no hub id; it must be like owner/name"),
        ("a/b/c", "main", "is no hub id"),
    ],
)
def test_ids_that_lead_nowhere_are_one_sentence(
    hub: FakeHub, tmp_path: Path, repo: str, revision: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        plan_download(repo, tmp_path, revision)


def test_a_repository_of_pickles_has_nothing_to_download(hub: FakeHub, tmp_path: Path) -> None:
    hub.files["old/style"] = {"model.ckpt": b"x" * 2000, "README.md": b"x"}
    with pytest.raises(InputError, match=r"nothing to download: no .safetensors file is there.*never downloaded"):
        plan_download("old/style", tmp_path)
    with pytest.raises(InputError, match=r"no .safetensors file fits --only"):
        plan_download(ID, tmp_path, only=("*.bin",))


def test_without_network_it_is_one_sentence_and_a_busy_hub_too(hub: FakeHub, tmp_path: Path, monkeypatch) -> None:
    hub.status = 503
    with pytest.raises(InputError, match="answered 503; try again later"):
        plan_download(ID, tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"no connection to http://127.0.0.1:9 \("):
        plan_download(ID, tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE"):
        plan_download(ID, tmp_path)


def test_a_full_disk_is_reported_before_a_download(hub: FakeHub, tmp_path: Path, monkeypatch) -> None:
    from shutil import _ntuple_diskusage

    monkeypatch.setattr("shutil.disk_usage", lambda _: _ntuple_diskusage(10, 9, 1))
    with pytest.raises(InputError, match=r"has 0.0 GB free; someone/painter needs"):
        plan_download(ID, tmp_path)


def test_half_precision_is_taken_where_it_is_wanted(hub: FakeHub, tmp_path: Path) -> None:
    hub.files[ID] |= {
        name.replace(".safetensors", ".fp16.safetensors"): data
        for name, data in hub.files[ID].items()
        if name.endswith(".safetensors")
    }
    names = [{file.name for file in plan_download(ID, tmp_path, half=half).files} for half in (False, True)]
    assert not any(".fp16." in name for name in names[0]) and UNET in names[0]
    assert UNET not in names[1] and UNET.replace(".safetensors", ".fp16.safetensors") in names[1]


def test_a_repository_of_loras_is_listed_by_its_files(hub: FakeHub, tmp_path: Path, lora_file: Path) -> None:
    hub.files["someone/moss"] = {"moss.safetensors": lora_file.read_bytes(), "notes.txt": b"moss"}
    folder = run_download(plan_download("someone/moss", tmp_path), tmp_path)
    (facts,) = facts_within(folder)
    assert (facts.kind, facts.path) == ("lora", folder / "moss.safetensors")


def test_damage_in_the_cache_is_found_and_clear_deletes_it(hub: FakeHub, tmp_path: Path) -> None:
    folder = run_download(plan_download(ID, tmp_path), tmp_path)
    blob = (folder / UNET).resolve()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    (folder / "vae" / "config.json").resolve().unlink()
    problems, *_ = verify_repo(find_repo(ID, tmp_path))
    assert len(problems) == 2 and f"{UNET} is damaged" in problems[0] and "vae/config.json is missing" in problems[1]
    delete_repo(find_repo(ID, tmp_path))
    assert not list_cached_repos(tmp_path) and find_snapshot(ID, tmp_path) is None
    with pytest.raises(InputError, match="is not in the cache"):
        find_repo(ID, tmp_path)
