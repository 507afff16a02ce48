"""The table of all actions (names, default keys, menus, help), used by menus, key list, command palette and key bindings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.files.keymap import Changes


@dataclass(frozen=True)
class Action:
    """keys: chords such as "ctrl+shift+z", the first is shown; menu: "" = in none; held: acts while the key is down."""

    name: str
    title: str
    keys: tuple[str, ...]
    menu: str
    help: str
    held: bool = False


# Panels that can be called by name, with what they are for. The Lessons panel has an action of its own.
PANEL_HELP: Mapping[str, str] = {
    "View": "how the scene is shown and when it is painted",
    "Scene": "the map, the materials and their prompts",
    "Sampler": "all settings of a dream",
    "Volume": "what is painted, and erasing, saving and freezing it",
    "Camera": "camera paths and videos",
    "Network": "the U-Net at work",
    "Picture": "single pictures from text, pictures or masks",
    "Preview": "the running dream",
    "Timeline": "every step of the last dreams",
    "Autopilot": "painting the whole scene",
    "Image": "the last dream, and pictures for the surfaces",
    "Gallery": "the pictures that were made",
    "Models": "models, LoRAs and ControlNets of this machine",
    "Log": "messages and times",
}

ACTIONS: tuple[Action, ...] = (
    Action("forward", "Forward", ("w", "up_arrow"), "", "Move forward.", held=True),
    Action("back", "Back", ("s", "down_arrow"), "", "Move backward.", held=True),
    Action("left", "Left", ("a", "left_arrow"), "", "Move left.", held=True),
    Action("right", "Right", ("d", "right_arrow"), "", "Move right.", held=True),
    Action("up", "Up", ("e", "space", "pad_a"), "", "Move up (flying) or jump (walking).", held=True),
    Action("down", "Down", ("q", "c"), "", "Move down (flying).", held=True),
    Action(
        "fast",
        "Faster",
        ("left_shift", "right_shift", "pad_left_stick"),
        "",
        "Hold to move four times as fast.",
        held=True,
    ),
    Action("fly", "Fly or walk", ("g", "pad_b"), "View", "Switch between flying and walking on the ground."),
    Action("mode_material", "Material", ("1", "pad_down"), "View", "Show each surface in its material's colour."),
    Action("mode_painted", "Painted", ("2", "pad_up"), "View", "Show the paint."),
    Action(
        "mode_latents", "Latents", ("3", "pad_left"), "View", "Show the stored latents; three channels as a colour."
    ),
    Action("mode_steps", "Steps", ("4", "pad_right"), "View", "Show the number of diffusion steps of each texel."),
    Action("mode_density", "Density", ("5",), "View", "Show the resolution at which each texel was painted."),
    Action("mode_depth", "Depth", ("6",), "View", "Show the distance from the camera."),
    Action(
        "keyframe",
        "Add keyframe",
        ("k", "pad_right_shoulder"),
        "View",
        "Add this view to the keyframes of the Camera panel.",
    ),
    Action("stop", "Stop the camera", (), "View", "Stop playing or recording a camera path."),
    Action("panels", "Show or hide the panels", ("tab", "pad_start"), "Panels", "Draw the panels, or the scene alone."),
    *(
        Action(f"show_{title.lower()}", f"{title} panel", (), "Panels", f"Show the {title} panel: {words}.")
        for title, words in PANEL_HELP.items()
    ),
    Action("reset_layout", "Reset layout", (), "Panels", "Restore the default panel layout."),
    Action("full_screen", "Full screen", ("f11",), "View", "Switch between full screen and a window."),
    Action("brush", "Brush", ("b",), "Dream", "Turn the brush on or off: freeze, thaw, erase or mask paint."),
    Action(
        "smaller_brush", "Smaller brush", ("left_bracket",), "", "Make the brush smaller. The mouse wheel also works."
    ),
    Action("larger_brush", "Larger brush", ("right_bracket",), "", "Make the brush larger."),
    Action("pause", "Pause painting", ("p", "pad_x"), "Dream", "Pause or resume automatic painting."),
    Action("dream", "Repaint this view", ("r", "pad_y"), "Dream", "Erase the paint in this view and dream it again."),
    Action("repaint_all", "Repaint everything", (), "Dream", "Erase all paint that is not frozen and dream it again."),
    Action(
        "splat", "Splat the picture", ("x",), "Dream", "Project the Image panel's picture onto the visible surfaces."
    ),
    Action("freeze_view", "Freeze this view", (), "Dream", "Protect the paint in this view until it is thawed."),
    Action("thaw_view", "Thaw this view", (), "Dream", "Allow painting over frozen paint in this view again."),
    Action("erase_view", "Erase this view", (), "Dream", "Erase the paint in this view. Frozen paint stays."),
    Action(
        "compare", "Compare settings", ("v",), "Dream", "Dream this view with two settings, compare them and keep one."
    ),
    Action(
        "variations",
        "Variations of this view",
        ("n",),
        "Dream",
        "Dream this view with four seeds, and keep one of them.",
    ),
    Action("autopilot", "Autopilot", ("o",), "Dream", "Start or stop painting the whole scene automatically."),
    Action("cancel", "Cancel the dream", ("backspace",), "Dream", "Cancel the running dream after the current step."),
    Action("erase", "Erase all paint", ("ctrl+backspace",), "Dream", "Erase all paint, including frozen paint."),
    Action(
        "start_page", "Start page", (), "File", "Choose a built-in or recent scene by its picture, or make a new one."
    ),
    Action("new", "New scene…", ("ctrl+n",), "File", "Create an empty scene of any size, in a folder of its own."),
    Action(
        "open", "Open…", ("ctrl+o",), "File", "Open a scene, a map, a world, a camera path, or a picture with settings."
    ),
    Action(
        "save_scene",
        "Save scene",
        ("ctrl+shift+s",),
        "File",
        "Save map, materials and camera paths to the scene's folder.",
    ),
    Action("save_scene_as", "Save scene as…", (), "File", "Save map, materials and camera paths to another folder."),
    Action("models", "Models…", (), "File", "Load another model, or add LoRAs and ControlNets."),
    Action("save_world", "Save world", ("ctrl+s",), "File", "Save all paint to a world file."),
    Action("load_world", "Load world", ("ctrl+l",), "File", "Load the world file of this scene."),
    Action(
        "export_world",
        "Export world…",
        (),
        "File",
        "Save the world and write it as a GLB file for Blender, Godot and other programs.",
    ),
    Action("stop_export", "Stop the export", (), "File", "Stop the export that is running; no file of it is left."),
    Action(
        "export_path", "Export camera path", (), "File", "Save the keyframes of the Camera panel as camera_path.json."
    ),
    Action(
        "screenshot",
        "Screenshot",
        ("f12", "pad_back"),
        "File",
        "Save a picture of the window that stores the settings.",
    ),
    Action("quit", "Quit", ("ctrl+q",), "File", "Quit Rayverie."),
    Action("undo", "Undo", ("ctrl+z",), "Edit", "Undo the last change to a setting, the scene or the paint."),
    Action("redo", "Redo", ("ctrl+y", "ctrl+shift+z"), "Edit", "Redo the last undone change."),
    Action("build", "Build", ("h",), "Edit", "Place, remove or raise blocks in the view, or put the tool away."),
    Action("tour", "Guided tour", ("f2",), "Help", "Open or close the lessons: how diffusion works, with questions."),
    Action(
        "ask_run", "How a model learnt…", (), "Help", "Play the samples of a training run as a film, beside its loss."
    ),
    Action("palette", "Command palette", ("ctrl+p",), "Help", "Search all commands by name."),
    Action("help", "Keys", ("f1",), "Help", "Show and change all keys."),
    Action("escape", "Free the mouse", ("escape",), "", "Release the mouse, or close or stop what is open or runs."),
)
BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}
MENUS: tuple[str, ...] = ("File", "Edit", "View", "Panels", "Dream", "Help")
MODIFIERS: tuple[str, ...] = ("ctrl", "shift", "alt", "super")
MODIFIER_KEYS = frozenset(f"{side}_{modifier}" for side in ("left", "right") for modifier in MODIFIERS)
# Captions of keys, where they differ from the name.
CAPS: Mapping[str, str] = {
    "left_bracket": "[",
    "right_bracket": "]",
    "up_arrow": "↑",
    "down_arrow": "↓",
    "left_arrow": "←",
    "right_arrow": "→",
    "left_shift": "Shift",
    "right_shift": "Right Shift",
    "escape": "Esc",
    "page_up": "Page Up",
    "page_down": "Page Down",
}


FIXED = "escape"  # this action always keeps this key, so that there is a way out of everything


def chords(changes: Changes) -> dict[str, tuple[str, ...]]:
    """Action name → chords, with the user's changes. A chord that the user assigned is removed from the action that has it by default."""
    changes = {name: tuple(mine) for name, mine in changes.items() if name in BY_NAME and name != FIXED}
    taken = {chord for mine in changes.values() for chord in mine}
    return {a.name: changes.get(a.name, tuple(c for c in a.keys if c not in taken)) for a in ACTIONS}


def bindings(changes: Changes = MappingProxyType({})) -> dict[str, str]:
    """Chord → action name, from the table with the user's `changes`."""
    return {chord: name for name, mine in chords(changes).items() for chord in mine}


def rebind(changes: Changes, action: str, old: str, new: str) -> dict[str, tuple[str, ...]]:
    """Assign chord `new` to an action instead of `old`, and remove it from other actions; "" = none (only add, or remove)."""
    if action == FIXED or new == FIXED:
        return dict(changes)
    table = {name: tuple(c for c in mine if c != new or c == old) for name, mine in chords(changes).items()}
    mine = [new if c == old else c for c in table[action]] if old in table[action] else [*table[action], new]
    table[action] = tuple(dict.fromkeys(c for c in mine if c))
    return _changes(table)


def reset_keys(changes: Changes, action: str) -> dict[str, tuple[str, ...]]:
    """Restore an action's default keys, and remove them from other actions."""
    own = BY_NAME[action].keys
    others = {name: tuple(c for c in mine if c not in own) for name, mine in chords(changes).items()}
    return _changes(others | {action: own})


def _changes(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: mine for name, mine in table.items() if mine != BY_NAME[name].keys}


def chord(key: str, held: Iterable[str]) -> str:
    """The chord of `key` pressed while the modifiers in `held` are down: modifiers in fixed order, "+", the key."""
    held = set(held)
    return "+".join([m for m in MODIFIERS if m in held and not key.endswith(f"_{m}")] + [key])


def caption(chord: str) -> str:
    """A chord for display: "ctrl+shift+z" is "Ctrl+Shift+Z"."""
    return "+".join(CAPS.get(part, part.removeprefix("_").replace("_", " ").title()) for part in chord.split("+"))


def captions(action: Action, table: Mapping[str, str], key_captions: Mapping[str, str] = MappingProxyType({})) -> str:
    """All chords of an action in `table` (from `bindings`), for F1 and menus; "" when it has none.

    key_captions: see `Platform.key_captions`; used for `held` actions, whose keys go by place (W is Z on AZERTY).
    """
    mine = (chord for chord, name in table.items() if name == action.name)
    return ", ".join(caption(key_captions.get(chord, chord) if action.held else chord) for chord in mine)
