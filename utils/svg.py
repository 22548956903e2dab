"""Figures as parts of a page of HTML."""

import io
import re

from .figures import AMBER, COLOURS, DARK, GREEN, GREY, LIGHT, RED, Figure, in_style

PALETTE = (DARK, GREY, LIGHT, GREEN, RED, AMBER, *COLOURS)


@in_style
def figure_svg(figure: Figure, name: str) -> str:
    """An ``<svg>`` element, as wide as its place, whose texts are texts.

    The colours of the style are ``var(--c-333333, #333333)`` and so on: a page may have others in the dark.

    Args:
        figure: to show.
        name: another one for each figure of a page; letters, digits and hyphens.
    """
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    svg = stream.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r"<svg[^>]*>", lambda found: re.sub(r' (width|height)="[^"]*"', "", found[0]), svg, count=1)
    # Names within a page are its own: those that nothing refers to go, the others become the figure's.
    for own in set(re.findall(r' id="([^"]*)"', svg)):
        if f'#{own}"' in svg or f"#{own})" in svg:
            svg = re.sub(rf'(id="|#){re.escape(own)}(?=["\)])', rf"\g<1>{name}-{own}", svg)
        else:
            svg = svg.replace(f' id="{own}"', "")
    return re.sub("|".join(PALETTE), lambda found: f"var(--c-{found[0][1:]}, {found[0]})", svg)
