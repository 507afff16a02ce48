"""Float32 weights behind the working copy: who trains what, and that a run goes on as if it had never stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from base.errors import InputError
from diffusion.training.config import RunConfig
from diffusion.training.config_files import build
from diffusion.training.loop import learning_rate, run_steps
from diffusion.training.masters import Masters, is_hidden


def config(folder: Path, **changes: object) -> RunConfig:
    values = {
        "out": str(folder),
        "steps": 8,
        "warmup": 2,
        "save_every": 3,
        "log_every": 2,
        "compiled": False,
        "lr": 0.01,
    }
    return build(RunConfig, {"numbers": "bfloat16", **values, **changes}, "test")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 32, 3), nn.SiLU(), nn.Conv2d(32, 32, 3), nn.SiLU(), nn.Conv2d(32, 2, 1))


def trained(folder: Path, **changes: object) -> Masters:
    """A few steps towards a fixed map of its input."""
    model = network()
    dtype = {"float32": torch.float32}.get(str(changes.get("numbers", "")), torch.bfloat16)

    def batch(step: int) -> tuple[Tensor, ...]:
        return (torch.randn(4, 3, 9, 9, generator=torch.Generator().manual_seed(step)),)

    def loss(x: Tensor) -> dict[str, Tensor]:
        wanted = torch.stack((x[:, 0], x[:, 1] * x[:, 2]), 1)[..., 2:-2, 2:-2]
        return {"error": (model(x.to(dtype)).float() - wanted).square().mean(), "_seen": x.mean()}

    return run_steps(config(folder, **changes), model, loss, batch)


def test_muon_has_the_hidden_convolutions_and_adam_the_rest(tmp_path: Path) -> None:
    masters = Masters(network(), config(tmp_path))
    kinds = {name: is_hidden(weight) for name, weight in masters.weights.items()}
    assert [name for name, kind in kinds.items() if kind] == ["2.weight"]
    sizes = {
        kind: sum(p.numel() for g in o.param_groups for p in g["params"]) for kind, o in masters.optimizers.items()
    }
    assert sizes["muon"] == 32 * 32 * 9
    assert sizes["muon"] + sizes["adam"] == sum(w.numel() for w in masters.weights.values())


@pytest.mark.parametrize("numbers", ["bfloat16", "float32"])
def test_training_lowers_the_loss_and_moves_every_weight(tmp_path: Path, numbers: str) -> None:
    before = {name: p.detach().clone() for name, p in network().named_parameters()}
    masters = trained(tmp_path, steps=60, numbers=numbers, log_every=10)
    assert all(not torch.equal(before[name], w) for name, w in masters.weights.items())
    assert all(
        torch.equal(p.float(), masters.weights[n].to(p.dtype).float()) for n, p in masters.network.named_parameters()
    )
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    first, last = (float(line.split('"error": ')[1].split(",")[0]) for line in (lines[0], lines[-1]))
    assert last < 0.7 * first


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", cooldown=0.5)
    for steps in (3, 6, 8):  # the rate of step n must not depend on when the run stops
        broken = trained(tmp_path / "broken", steps=steps, cooldown=1e-9, lr_end=0.01)
    straight = trained(tmp_path / "straight", cooldown=1e-9, lr_end=0.01)
    assert broken.step == straight.step == whole.step == 8
    for kind in ("weights", "averages"):
        for name, weight in getattr(straight, kind).items():
            assert torch.equal(weight, getattr(broken, kind)[name])
    assert not torch.equal(whole.weights["2.weight"], straight.weights["2.weight"])


def half_trained() -> nn.Sequential:
    """The network, its first layer fixed."""
    model = network()
    model[0].requires_grad_(False)
    return model


def first_weight(model: nn.Module) -> Tensor:
    return model.state_dict()["weight"]


def test_what_is_not_trained_is_kept_exactly(tmp_path: Path) -> None:
    model = half_trained()
    exact = first_weight(model[0]).clone()
    masters = Masters(model, config(tmp_path))
    assert not torch.equal(first_weight(model[0]).float(), exact)
    assert torch.equal(first_weight(masters.exact("0")), exact)
    masters.save(tmp_path)
    again = half_trained()
    first_weight(again[0]).zero_()
    other = Masters(again, config(tmp_path))
    assert other.load(tmp_path)
    assert torch.equal(first_weight(other.exact("0")), exact)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Masters(network(), config(tmp_path)).save(tmp_path)
    other = nn.Sequential(nn.Conv2d(3, 16, 3))
    with pytest.raises(InputError, match="doesn't fit this network"):
        Masters(other, config(tmp_path)).load(tmp_path)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="doesn't fit this network"):
        Masters(network(), config(tmp_path)).load(tmp_path)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    model = network()

    def loss(x: Tensor) -> dict[str, Tensor]:
        return {"error": model(x.bfloat16()).float().mean() * torch.nan}

    with pytest.raises(InputError, match="no number"):
        run_steps(config(tmp_path), model, loss, lambda step: (torch.zeros(1, 3, 9, 9),))
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_the_learning_rate_warms_up_holds_and_falls() -> None:
    made = config(Path("x"), steps=100, warmup=10, cooldown=0.4, lr=1.0, lr_end=0.1)
    rates = [learning_rate(made, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9:60] == pytest.approx([1.0] * 51)
    assert rates[80] == pytest.approx(0.1 + 0.9 * 20 / 40) and rates[99] == pytest.approx(0.1, abs=0.03)


def test_a_slow_run_writes_checkpoints_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    monkeypatch.setattr(Masters, "save", lambda masters, folder: written.append(masters.step))
    trained(tmp_path / "patient", steps=5, save_every=100, save_minutes=60.0)
    assert written == [5]
    written.clear()
    trained(tmp_path / "hasty", steps=5, save_every=100, save_minutes=0.0)
    assert written == [1, 2, 3, 4, 5]


def update_of(folder: Path, accumulate: int, numbers: str = "float32") -> Masters:
    """One step on eight pictures, in parts."""
    model, dtype = network(), getattr(torch, numbers)

    def batch(step: int) -> tuple[Tensor, ...]:
        return torch.randn(8, 3, 9, 9, generator=torch.Generator().manual_seed(step)), torch.arange(8.0)

    def loss(x: Tensor, weight: Tensor) -> dict[str, Tensor]:
        assert len(x) == len(weight) == 8 // accumulate
        return {"error": (model(x.to(dtype)).float().square().mean((1, 2, 3)) * weight).mean()}

    own = config(folder, steps=1, batch=8 // accumulate, accumulate=accumulate, numbers=numbers, clip=1e6, log_every=1)
    return run_steps(own, model, loss, batch)


@pytest.mark.parametrize("accumulate", [2, 4, 8])
def test_parts_of_a_step_give_the_update_of_the_whole(tmp_path: Path, accumulate: int) -> None:
    whole, parts = update_of(tmp_path / "whole", 1), update_of(tmp_path / "parts", accumulate)
    start = {name: p.detach() for name, p in network().named_parameters()}
    for name, weight in whole.weights.items():
        moved, by_parts = weight - start[name], parts.weights[name] - start[name]
        # Muon's iteration rounds to bfloat16
        assert float((by_parts - moved).norm() / moved.norm()) < (0.01 if is_hidden(weight) else 1e-3)
    lines = [json.loads((tmp_path / name / "log.jsonl").read_text().splitlines()[0]) for name in ("whole", "parts")]
    assert lines[0]["loss"] == pytest.approx(lines[1]["loss"], rel=1e-4)
    assert lines[0]["grad_norm"] == pytest.approx(lines[1]["grad_norm"], rel=1e-4)


def test_gradients_of_many_parts_are_summed_as_float32(tmp_path: Path) -> None:
    masters = Masters(network(), config(tmp_path))
    for part in range(512):
        for p in masters.network.parameters():
            p.grad = torch.full_like(p, 1.0 if part == 0 else 2**-9)
        masters.collect()
    assert {float(flat.grad.max()) for flat in masters._flat.values() if flat.grad is not None} == {1 + 511 / 512}
