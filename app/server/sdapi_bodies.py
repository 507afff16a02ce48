"""Request bodies of A1111's API. Unknown fields are ignored, because clients send everything that the web UI has."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from base.settings import MOST_CHARACTERS


class TextBody(BaseModel):
    """txt2img."""

    model_config = ConfigDict(extra="ignore")
    prompt: str = Field("", max_length=MOST_CHARACTERS)
    negative_prompt: str = Field("", max_length=MOST_CHARACTERS)
    seed: int = -1
    sampler_name: str | None = None
    sampler_index: str | None = None
    scheduler: str | None = None
    batch_size: int = Field(1, ge=1)
    n_iter: int = Field(1, ge=1)
    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    eta: float | None = None
    denoising_strength: float | None = None
    enable_hr: bool = False
    hr_scale: float = Field(2.0, ge=1.0, le=8.0, allow_inf_nan=False)
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_second_pass_steps: int = 0
    hr_prompt: str | None = Field("", max_length=MOST_CHARACTERS)
    hr_negative_prompt: str | None = Field("", max_length=MOST_CHARACTERS)
    send_images: bool = True
    script_name: str | None = None
    alwayson_scripts: dict[str, Any] | None = None
    override_settings: dict[str, Any] | None = None


class ImageBody(TextBody):
    """img2img."""

    init_images: list[str] = Field(default_factory=list, max_length=1)
    resize_mode: int = Field(0, ge=0, le=3)
    mask: str | None = None
    mask_blur: float | None = Field(None, ge=0.0, le=256.0, allow_inf_nan=False)
    inpainting_fill: int = 0
    inpaint_full_res: bool = True
    inpaint_full_res_padding: int = Field(0, ge=0, le=1024)
    inpainting_mask_invert: int = 0
    include_init_images: bool = False


class PngBody(BaseModel):
    image: str


class ExtraBody(BaseModel):
    """extra-single-image."""

    model_config = ConfigDict(extra="ignore")
    image: str
    resize_mode: int = 0
    upscaler_1: str | None = "None"
    upscaling_resize: float = Field(2.0, ge=0.125, le=8.0)
    upscaling_resize_w: int = 512
    upscaling_resize_h: int = 512
    upscaling_crop: bool = True
