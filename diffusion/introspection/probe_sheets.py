"""Contact sheets of a recorded U-Net call: the output of each block, and the attention to each word; and of a decoder's stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from base.files import atomic_write
from base.outputs import Output, is_marked_png, png_mark, refuse_nameless
from diffusion.introspection.unet_probe import Block, UnetProbe, WordAttention

SHEETS = ("blocks.png", "words.png")
DECODER = "decoder.png"
SPACE = "network.png"  # the 3D view by `engine.unet_view.still`, saved beside the sheets
TALL = 72  # height of a block's map in pixels; a word's picture is twice as tall
LABEL = 14  # height of a row's title in pixels
UNHEARD = 0.2  # brightness of the picture where a word gets the least attention


def sheet_outputs(flag: str, folder: Path) -> list[Output]:
    """Paths of all sheets and the 3D view. Raises InputError for a folder without a name, such as ".."."""
    refuse_nameless(flag, folder)
    return [Output(flag, folder / name, is_marked_png) for name in (*SHEETS, DECODER, SPACE)]


def save_sheets(probe: UnetProbe, picture: np.ndarray, folder: Path) -> None:
    """Write both sheets into `folder`. picture: uint8 [H,W,3], the dream's result."""
    for name, sheet in zip(SHEETS, (blocks_sheet(probe.blocks), words_sheet(probe, picture)), strict=True):
        with atomic_write(folder / name) as temporary:
            sheet.save(temporary, pnginfo=png_mark())


def save_decoder(stages: Sequence[Block], folder: Path) -> None:
    """Write the sheet of a decoder's stages into `folder`, or nothing without stages."""
    if stages:
        with atomic_write(folder / DECODER) as temporary:
            blocks_sheet(stages).save(temporary, pnginfo=png_mark())


def blocks_sheet(blocks: Sequence[Block]) -> Image.Image:
    """One row for each block: the strength of its output, then its most varied channels."""
    return _page([_block_row(block) for block in blocks])


def _block_row(block: Block) -> tuple[str, list[Image.Image]]:
    """(title, pictures) of a block's output."""
    channels, height, width = block.shape
    pictures = [_resize(picture, TALL, Image.Resampling.NEAREST) for picture in (block.strength, *block.maps)]
    return f"{block.name}: {channels} x {width} x {height}, {1000 * block.seconds:.1f} ms", pictures


def words_sheet(probe: UnetProbe, picture: np.ndarray) -> Image.Image:
    """One row for each prompt, one picture for each word: bright where attention is high, black outside the prompt's region."""
    rows = []
    for heard in probe.prompts:
        title = f"{heard.prompt}: {' | '.join(heard.words)}"
        rows.append(
            (title, [_resize(highlight_word(picture, heard, word), 2 * TALL) for word in range(len(heard.words))])
        )
    return _page(rows)


def highlight_word(picture: np.ndarray, heard: WordAttention, word: int) -> np.ndarray:
    """uint8 [H,W,3]: the picture, its brightness scaled by the attention to a word, from least to most within the prompt's region."""
    own = heard.where[word][heard.share > 0.5 * heard.share.max()]
    level = np.clip((heard.where[word] - own.min()) / max(float(own.max() - own.min()), 1e-9), 0, 1)
    light = Image.fromarray((heard.share * (UNHEARD + (1 - UNHEARD) * level)).astype(np.float32))
    whole = np.asarray(light.resize(picture.shape[1::-1], Image.Resampling.BILINEAR))
    return np.rint(picture * whole[..., None]).astype(np.uint8)


def _resize(picture: np.ndarray, tall: int, how: Image.Resampling = Image.Resampling.BILINEAR) -> Image.Image:
    height, width = picture.shape[:2]
    return Image.fromarray(picture).resize((max(1, round(tall * width / height)), tall), how)


def _page(rows: list[tuple[str, list[Image.Image]]]) -> Image.Image:
    """Titles above rows of pictures; without rows one black pixel."""
    width = max((sum(p.width + 2 for p in pictures) for _, pictures in rows), default=1)
    height = sum(LABEL + pictures[0].height + 2 for _, pictures in rows)
    page = Image.new("RGB", (width, max(1, height)))
    pen, top = ImageDraw.Draw(page), 0
    for title, pictures in rows:
        pen.text((2, top), title, fill="white")
        left, top = 0, top + LABEL
        for picture in pictures:
            page.paste(picture, (left, top))
            left += picture.width + 2
        top += pictures[0].height + 2
    return page
