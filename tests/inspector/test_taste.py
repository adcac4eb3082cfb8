"""What templates and style sheets keep to, so that a page stays as cheap to change as to read."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SHEETS = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))
TAGS = {"if", "elif", "else", "endif", "for", "endfor", "include", "url", "extends", "block", "endblock"}
TAGS |= {"load", "static", "csrf_token", "htmx_script"}  # what a page's frame needs
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(|oklch\(")


def named(paths: list[Path]) -> list:
    return [pytest.param(path, id=path.relative_to(settings.BASE_DIR).as_posix()) for path in paths]


@pytest.mark.parametrize("template", named(TEMPLATES))
def test_template_has_no_logic(template: Path) -> None:
    text = template.read_text()
    assert set(re.findall(r"{%\s*(\w+)", text)) <= TAGS
    assert not re.findall(r"{{[^}]*\|", text), "a filter: words come ready"


@pytest.mark.parametrize("template", named(TEMPLATES))
def test_template_has_no_inline_style_or_script(template: Path) -> None:
    text = template.read_text()
    assert not re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*src=)|hx-on", text)


@pytest.mark.parametrize("sheet", named([path for path in SHEETS if path.name != "tokens.css"]))
def test_colours_stand_in_the_tokens_alone(sheet: Path) -> None:
    assert not COLOUR.findall(sheet.read_text())


@pytest.mark.parametrize("sheet", named([path for path in SHEETS if path.name != "tokens.css"]))
def test_tokens_are_defined(sheet: Path) -> None:
    used = set(re.findall(r"var\((--[\w-]+)\)", sheet.read_text()))
    defined = set(re.findall(r"(--[\w-]+):", (settings.BASE_DIR / "static/css/tokens.css").read_text()))
    assert used <= defined


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("ink", ["ink", "ink-soft", "link", "good", "bad", "warn", "quiet"])
def test_text_is_legible_on_every_surface(ink: str, scheme: int) -> None:
    text = (settings.BASE_DIR / "static/css/tokens.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", text.split("@media")[scheme]))
    surfaces = ["ground", "surface", "surface-raised", "surface-truth", *({f"{ink}-ground"} & colours.keys())]
    assert {
        name: contrast(colours[ink], colours[name]) for name in surfaces if contrast(colours[ink], colours[name]) < 4.5
    } == {}
