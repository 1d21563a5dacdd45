"""Plots as SVG, written by hand: bars and lines on a logarithmic scale."""
from html import escape
from math import ceil, floor, log10

WIDTH, LEFT, RIGHT, ROW = 860, 300, 90, 22
COLOURS = ("#4878a8", "#d07030", "#58985c", "#9868a0", "#a85050", "#806850",
           "#707070", "#c8a838")
STYLE = ("text{font:12px sans-serif;fill:#222}.title{font-size:15px}"
         ".grid{stroke:#ddd}.line{fill:none;stroke-width:2}")


class Scale:
    """Values on a logarithmic axis, in whole decades."""

    def __init__(self, values, start, length):
        values = [v for v in values if v > 0] or [1]
        self.low = floor(log10(min(values)))
        self.high = max(ceil(log10(max(values))), self.low + 1)
        self.start, self.length = start, length

    def at(self, value):
        share = (log10(max(value, 10.0**self.low)) - self.low) / \
            (self.high - self.low)
        return self.start + share * self.length

    def ticks(self):
        return [10.0**i for i in range(self.low, self.high + 1)]


def label(x, y, content, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(content)}</text>'


def document(height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height}"><style>{STYLE}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/>'
            + label(10, 22, title, ' class="title"') + "".join(parts)
            + "</svg>\n")


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def bars(title, groups):
    """`groups` maps a row to {name: value}: a bar for each, row by row."""
    values = [v for sides in groups.values() for v in sides.values()]
    names = list(dict.fromkeys(n for sides in groups.values() for n in sides))
    scale = Scale(values, LEFT, WIDTH - LEFT - RIGHT)
    parts, y = [], 60
    for row, sides in groups.items():
        parts.append(label(10, y, row))
        for name, value in sides.items():
            colour = COLOURS[names.index(name) % len(COLOURS)]
            parts.append(
                f'<rect x="{LEFT}" y="{y - 11}" height="{ROW - 8}" '
                f'width="{max(scale.at(value) - LEFT, 1):.1f}" '
                f'fill="{colour}"/>')
            parts.append(label(LEFT - 6, y, name, ' text-anchor="end"'))
            parts.append(label(scale.at(value) + 4, y, number(value)))
            y += ROW
        y += 10
    grid = [f'<path class="grid" d="M{scale.at(t):.1f} 40V{y - 20}"/>'
            + label(scale.at(t), y, number(t), ' text-anchor="middle"')
            for t in scale.ticks()]
    return document(y + 16, title, grid + parts)


def lines(title, series):
    """`series` maps a name to {x: y}; both axes are logarithmic."""
    height, top = 420, 50
    across = Scale([x for s in series.values() for x in s], 70, WIDTH - 400)
    down = Scale([y for s in series.values() for y in s.values()], height - 40,
                 -(height - 40 - top))
    parts = []
    for x in across.ticks():
        parts.append(f'<path class="grid" d="M{across.at(x):.1f} {top}'
                     f'V{height - 40}"/>' + label(
                         across.at(x), height - 22, number(x),
                         ' text-anchor="middle"'))
    for y in down.ticks():
        parts.append(f'<path class="grid" d="M70 {down.at(y):.1f}'
                     f'H{WIDTH - 330}"/>' + label(
                         62, down.at(y) + 4, number(y),
                         ' text-anchor="end"'))
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{across.at(x):.1f},{down.at(y):.1f}"
                        for x, y in sorted(points.items()))
        parts.append(f'<polyline class="line" stroke="{colour}" '
                     f'points="{path}"/>')
        parts.append(f'<rect x="{WIDTH - 310}" y="{top + i * ROW}" width="12" '
                     f'height="12" fill="{colour}"/>')
        parts.append(label(WIDTH - 292, top + 11 + i * ROW, name))
    return document(height, title, parts)
