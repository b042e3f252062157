"""Small real pictures, drawn from a file's path: the same path always gives the same picture."""

from __future__ import annotations

import colorsys
import io
import random
import zlib
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps

Colour = tuple[int, int, int]
SCENE_SIDE = 640
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF", "ico": "ICO"}


class Palette:
    """Five colours that go together, from light to dark."""

    def __init__(self, dice: random.Random) -> None:
        self._hue = dice.random()
        self._drift = dice.choice((0.06, 0.12, 0.5)) * dice.choice((1, -1))

    def __call__(self, step: int, saturation: float = 0.55) -> Colour:
        hue = (self._hue + self._drift * step / 4) % 1
        red, green, blue = colorsys.hls_to_rgb(hue, 0.9 - 0.17 * step, saturation)
        return round(red * 255), round(green * 255), round(blue * 255)


@lru_cache(maxsize=2000)
def picture(path: str, width: int, height: int, extension: str) -> bytes:
    """A picture of exactly this size as JPEG, PNG, WebP, GIF or AVIF; a JPEG for any other extension."""
    image = ImageOps.fit(scene(path, width / height), (width, height))
    return encoded(image, extension)


def encoded(image: Image.Image, extension: str) -> bytes:
    format_name = FORMATS.get(extension, "JPEG")
    out = io.BytesIO()
    if format_name == "ICO":
        image = image.resize((64, 64))
    image.convert("RGB").save(out, format_name, **({"quality": 82} if format_name in ("JPEG", "WEBP") else {}))
    return out.getvalue()


def scene(path: str, ratio: float) -> Image.Image:
    dice = random.Random(zlib.crc32(path.encode("utf-8", "surrogatepass")))
    ratio = min(max(ratio, 0.25), 4)
    size = (SCENE_SIDE, round(SCENE_SIDE / ratio)) if ratio >= 1 else (round(SCENE_SIDE * ratio), SCENE_SIDE)
    palette = Palette(dice)
    image = ImageOps.colorize(Image.linear_gradient("L").resize(size), palette(0), palette(1))
    _motif(path)(ImageDraw.Draw(image), size, palette, dice)
    return image


Motif = Callable[[ImageDraw.ImageDraw, tuple[int, int], Palette, random.Random], None]


def _motif(path: str) -> Motif:
    lower = path.lower()
    for words, motif in _MOTIFS:
        if any(word in lower for word in words):
            return motif
    return hills


def hills(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    radius = height * dice.uniform(0.08, 0.16)
    left, top = dice.uniform(0.15, 0.7) * width, dice.uniform(0.1, 0.3) * height
    draw.ellipse((left, top, left + 2 * radius, top + 2 * radius), fill=(255, 244, 214))
    for step in (1, 2, 3):
        level = height * (0.35 + 0.17 * step)
        ridge = [(x * width / 8, level - dice.uniform(0, 0.2) * height) for x in range(9)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=palette(step))


def product(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    draw.rectangle((0, 0, width, height), fill=(246, 245, 243))
    half, top = min(size) * dice.uniform(0.13, 0.24), height * dice.uniform(0.24, 0.36)
    middle, foot, neck = width / 2, height * 0.82, min(size) * 0.06
    draw.ellipse((middle - half * 1.3, foot - neck, middle + half * 1.3, foot + neck), fill=(222, 219, 214))
    draw.rounded_rectangle((middle - half, top, middle + half, foot), half * 0.35, fill=palette(2))
    draw.rectangle((middle - neck, top - neck * 2, middle + neck, top + 2), fill=palette(4))
    draw.rectangle((middle - half, top + half, middle + half, top + half * 2.1), fill=palette(0))


def portrait(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    middle, head = width * dice.uniform(0.4, 0.6), min(size) * 0.17
    skin = dice.choice(((241, 207, 178), (198, 144, 105), (126, 83, 57), (226, 181, 146)))
    hair = dice.choice(((48, 34, 28), (112, 72, 40), (196, 160, 96), (90, 90, 94)))
    draw.ellipse((middle - head * 2.2, height * 0.62, middle + head * 2.2, height * 1.5), fill=palette(3))
    draw.ellipse((middle - head * 1.15, height * 0.22, middle + head * 1.15, height * 0.24 + head * 2.1), fill=hair)
    draw.ellipse((middle - head, height * 0.29, middle + head, height * 0.29 + head * 2.2), fill=skin)


def skyline(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    for step in (2, 3, 4):
        left = 0.0
        while left < width:
            wide = width * dice.uniform(0.05, 0.13)
            top = height * (1 - dice.uniform(0.15, 0.85 - 0.14 * step))
            draw.rectangle((left, top, left + wide, height), fill=palette(step))
            left += wide


def mark(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    draw.rectangle((0, 0, width, height), fill=(255, 255, 255))
    radius, x, y = min(size) * 0.3, width / 2, height / 2
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette(3, 0.8))
    start = dice.randrange(360)
    draw.pieslice(
        (x - radius, y - radius, x + radius, y + radius),
        start,
        start + dice.choice((90, 120, 180)),
        fill=palette(1, 0.8),
    )
    draw.ellipse((x - radius / 3, y - radius / 3, x + radius / 3, y + radius / 3), fill=(255, 255, 255))


def sheet(draw: ImageDraw.ImageDraw, size: tuple[int, int], palette: Palette, dice: random.Random) -> None:
    width, height = size
    draw.rectangle((0, 0, width, height), fill=(252, 252, 250))
    draw.rectangle((0, 0, width, height * 0.18), fill=palette(3))
    for line in range(9):
        top = height * (0.28 + 0.07 * line)
        draw.rectangle((width * 0.1, top, width * dice.uniform(0.5, 0.9), top + height * 0.018), fill=(200, 203, 208))


_MOTIFS: tuple[tuple[tuple[str, ...], Motif], ...] = (
    ((".pdf", "guideline", "report", "press-release"), sheet),
    (("logo", "icon", "/brand/"), mark),
    (("portrait", "team", "avatar", "people", "interview"), portrait),
    (("product", "packshot", "/shop/"), product),
    (("city", "office", "store", "event", "skyline"), skyline),
)


def card(text: str, side: int) -> bytes:
    """What stands for a file without a picture: its format on a plain card."""
    image = Image.new("RGB", (side, side), (238, 240, 243))
    draw = ImageDraw.Draw(image)
    draw.text(
        (side / 2, side / 2),
        text.upper()[:5] or "FILE",
        fill=(92, 99, 112),
        anchor="mm",
        font=ImageFont.load_default(side / 5),
    )
    return encoded(image, "jpg")


def svg(path: str, width: int, height: int) -> bytes:
    palette = Palette(random.Random(zlib.crc32(path.encode("utf-8", "surrogatepass"))))
    dark, light = ("#{:02x}{:02x}{:02x}".format(*palette(step, 0.8)) for step in (3, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 100 100">'
        f'<circle cx="50" cy="50" r="40" fill="{dark}"/><path d="M50 10a40 40 0 0 1 40 40H50z" fill="{light}"/></svg>'
    ).encode()


@lru_cache(maxsize=200)
def pdf(path: str) -> bytes:
    out = io.BytesIO()
    scene(path, 0.707).save(out, "PDF")
    return out.getvalue()
