"""A believable media library of any number of files: campaigns, shop, brand, press, social media, video, documents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from medialib.sandbox.library.files import File, mime_of

DAY_MS = 86_400_000
SPAN_DAYS = 4 * 365
_SIZES = ((1920, 1080), (1600, 900), (1200, 1200), (1080, 1350), (2400, 1600), (4032, 3024), (3024, 4032), (800, 600))
_SUBJECTS = (
    "hero",
    "banner",
    "teaser",
    "lookbook",
    "detail",
    "packshot",
    "lifestyle",
    "portrait",
    "team",
    "flatlay",
    "outdoor",
    "studio",
    "event",
    "store-front",
    "city",
    "sunset",
    "mood",
    "cover",
    "gallery",
    "newsletter",
    "still-life",
    "backstage",
)
_COLOURS = ("black", "white", "sand", "navy", "olive", "terracotta", "grey", "mint", "rosé", "cobalt")
_PRODUCTS = (
    "linen-shirt",
    "trail-runner",
    "wool-scarf",
    "canvas-tote",
    "rain-jacket",
    "ceramic-mug",
    "desk-lamp",
    "oak-stool",
    "water-bottle",
    "denim-overall",
    "crew-socks",
    "weekender",
    "sun-hat",
    "fleece-vest",
    "Müslischale",
    "café-apron",
)
_SEASONS = ("spring", "summer", "autumn", "winter")
_CAMPAIGNS = (
    "sale",
    "launch",
    "holiday",
    "back-to-school",
    "outdoor-days",
    "members-week",
    "été-à-la-mer",
    "春节",
    "öko",
)
_TAG_SETS: tuple[tuple[str, ...], ...] = (
    (),
    (),
    ("approved",),
    ("draft",),
    ("sale", "web"),
    ("print",),
    ("archive",),
    ("social", "approved"),
    ("usage-expired",),
    ("hero", "homepage"),
    ("retouched",),
    ("season-old", "archive"),
    ("influencer",),
    ("licensed", "expires-2025"),
)


@dataclass(frozen=True)
class Kind:
    """One part of the library: where its files lie and what they are called."""

    share: int
    folders: tuple[str, ...]
    names: tuple[str, ...]
    extensions: tuple[str, ...]
    kb: tuple[int, int]


_KINDS = (
    Kind(
        30,
        ("/campaigns/{year}/{campaign}", "/campaigns/{year}/{campaign}/{season}"),
        ("{campaign}_{subject}_{colour}", "{season}-{year}-{subject}"),
        ("jpg", "jpg", "jpg", "png", "webp"),
        (120, 6200),
    ),
    Kind(
        34,
        ("/products/{product}", "/products/{product}/{colour}", "/shop/{season}"),
        ("{product}_{colour}_{subject}", "{product}-{colour}-front", "{product}-{colour}-back"),
        ("jpg", "jpg", "webp", "png"),
        (60, 2400),
    ),
    Kind(
        10,
        ("/social/instagram/{year}", "/social/tiktok/{year}", "/social/linkedin"),
        ("{subject}_{campaign}_story", "post_{subject}_{season}", "reel-cover_{subject}"),
        ("jpg", "png", "gif"),
        (40, 900),
    ),
    Kind(
        6,
        ("/brand/logos", "/brand/icons", "/brand/logos/partner"),
        ("logo_{colour}", "icon-{subject}", "wordmark_{colour}"),
        ("svg", "png", "svg", "webp"),
        (2, 140),
    ),
    Kind(
        7,
        ("/press/{year}", "/press/portraits"),
        ("press-release_{campaign}_{year}", "portrait_{subject}", "interview_{subject}"),
        ("pdf", "jpg", "jpg"),
        (80, 5200),
    ),
    Kind(
        5,
        ("/video/{year}/{campaign}", "/video/interviews"),
        ("{campaign}_{subject}_15s", "{season}_{subject}_cut"),
        ("mp4", "mp4", "webm", "mov"),
        (2400, 96000),
    ),
    Kind(4, ("/video/posters",), ("poster_{campaign}_{subject}",), ("jpg", "avif"), (70, 600)),
    Kind(
        2,
        ("/documents/guidelines", "/documents/reports/{year}"),
        ("brand-guidelines_{colour}", "report_{season}_{year}"),
        ("pdf",),
        (300, 9000),
    ),
    Kind(2, ("/",), ("IMG_{subject}", "untitled_{colour}", "copy-of_{subject}"), ("jpg", "png"), (90, 4100)),
)
_WEIGHTED = tuple(kind for kind in _KINDS for _ in range(kind.share))


def sample_files(count: int, *, seed: int, end_ms: int) -> Iterator[File]:
    """`count` files, made over the four years up to `end_ms`. The same seed gives the same library."""
    dice = random.Random(seed)
    for number in range(count):
        yield _file(dice, number, end_ms)


def _file(dice: random.Random, number: int, end_ms: int) -> File:
    # One long random number, cut up by remainder: much quicker than asking for each choice, a million times over.
    bits = dice.getrandbits(192)
    bits, age_ms = divmod(bits, SPAN_DAYS * DAY_MS)
    created_ms = end_ms - DAY_MS // 24 - age_ms
    bits, kind_at = divmod(bits, len(_WEIGHTED))
    kind = _WEIGHTED[kind_at]
    bits, path, extension = _path(bits, kind, number, created_ms)
    bits, size = _size(bits, kind)
    bits, tags_at = divmod(bits, len(_TAG_SETS))
    bits, quirk = divmod(bits, 1000)
    changed = created_ms + (bits % age_ms if quirk % 5 == 0 and age_ms else 0)
    file_id = f"{created_ms // 1000:08x}{bits & 0xFFFFFFFF:08x}{number:08x}"
    file = File(
        file_id,
        path,
        size,
        created_ms,
        changed,
        mime_of(path),
        tags=_TAG_SETS[tags_at],
        is_private=quirk < 8,
        is_published=quirk < 985,
    )
    _set_picture_members(file, bits, extension)
    return file


def _path(bits: int, kind: Kind, number: int, created_ms: int) -> tuple[int, str, str]:
    words = {"year": str(1970 + created_ms // (365 * DAY_MS + DAY_MS // 4))}
    for name, choices in _WORDS:
        bits, at = divmod(bits, len(choices))
        words[name] = choices[at]
    bits, folder_at = divmod(bits, len(kind.folders))
    bits, name_at = divmod(bits, len(kind.names))
    bits, extension_at = divmod(bits, len(kind.extensions))
    folder = kind.folders[folder_at].format(**words).rstrip("/")
    extension = kind.extensions[extension_at]
    return bits, f"{folder}/{kind.names[name_at].format(**words)}_{number + 1:04d}.{extension}", extension


_WORDS = (
    ("season", _SEASONS),
    ("campaign", _CAMPAIGNS),
    ("subject", _SUBJECTS),
    ("colour", _COLOURS),
    ("product", _PRODUCTS),
)


def _size(bits: int, kind: Kind) -> tuple[int, int]:
    """Many small files and a few very large ones."""
    least, most = kind.kb
    bits, draw = divmod(bits, 1_000_000)
    return bits, round(1024 * (least + (most - least) * (draw / 1_000_000) ** 3)) + bits % 1000


def _set_picture_members(file: File, bits: int, extension: str) -> None:
    if extension == "svg":
        file.width = file.height = 512
    elif file.is_image:
        file.width, file.height = _SIZES[bits % len(_SIZES)]
    elif file.mime.startswith("video/"):
        file.width, file.height = 1920, 1080
        file.extra = {
            "duration": 5 + bits % 90,
            "bitRate": 1800 + bits % 4000,
            "videoCodec": "h264",
            "audioCodec": "aac",
        }
    if bits % 40 == 0:
        file.extra = {**(file.extra or {}), "customMetadata": {"photographer": f"studio-{bits % 7}"}}
