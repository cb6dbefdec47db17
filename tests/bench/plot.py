"""Draws cfprov beside other tools: a dot for each tool's time and one for its memory."""
import math
from html import escape

ROW, NAME, PANEL, GAP, TOP, CAPTION = 24, 190, 250, 40, 52, 18
WIDTH, LABEL = NAME + 2 * PANEL + 2 * GAP, 62  # LABEL: room for a figure after its dot
STYLE = '''
text, text.other { font: 13px system-ui, sans-serif; fill: #1f2328; stroke: none }
.ground { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
text.minor { fill: #59636e; font-size: 11px }
.other { stroke: #818b98; fill: #818b98 }
.ours { stroke: #1a7f37; fill: #1a7f37 }
text.ours { fill: #1a7f37; font-weight: bold; stroke: none }
@media (prefers-color-scheme: dark) {
text, text.other { fill: #f0f6fc }
.ground { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #3d444d }
text.minor { fill: #9198a1 }
.ours, text.ours { fill: #3fb950 }
.ours { stroke: #3fb950 }
}
'''


def seconds(value):
    if value < 0.9995:
        return f'{value * 1000:.0f} ms'
    return f'{value:.3g} s' if value < 99.95 else f'{value:,.0f} s'


def megabytes(value):
    return f'{value:.0f} MB' if value < 999.5 else f'{value / 1000:.2g} GB'


def panel(tools, what, unit, title, left):
    """The lines of a panel whose scale is logarithmic, from a power of ten to another."""
    values = [of[what] for of in tools.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    bottom = TOP + ROW * len(tools)

    def at(value):
        return left + (math.log10(value) - low) / (high - low) * (PANEL - LABEL)

    yield f'<text x="{left}" y="22">{title}</text>'
    for power in range(low, high + 1):
        x = f'{at(10 ** power):.1f}'
        yield f'<path class="grid" d="M{x} {TOP - 6}V{bottom}"/>'
        if (power - low) % 2 == 0:  # there is no room for all
            yield (f'<text class="minor" x="{x}" y="{TOP - 12}" text-anchor="middle">'
                   f'{unit(10 ** power)}</text>')
    for n, (name, of) in enumerate(tools.items()):
        kind, x, y = 'ours' if name == 'cfprov' else 'other', at(of[what]), TOP + ROW * n + 12
        yield f'<path class="{kind}" stroke-width="3" d="M{left} {y}H{x:.1f}"/>'
        yield f'<circle class="{kind}" stroke="none" cx="{x:.1f}" cy="{y}" r="5"/>'
        yield f'<text class="{kind}" x="{x + 10:.1f}" y="{y + 4}">{unit(of[what])}</text>'


def draw(tools, captions=()):
    """An SVG of {tool: {'wall': seconds, 'memory': megabytes}}, for light and dark pages."""
    tools = dict(sorted(tools.items(), key=lambda tool: tool[1]['wall']))
    bottom = TOP + ROW * len(tools)
    height = bottom + CAPTION * len(captions) + 12
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             '<title>Time and memory to create 1,000 stores: cfprov and other tools</title>',
             f'<style>{STYLE}</style>',
             f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" '
             'rx="6"/>',
             '<text x="16" y="22">create 1,000 stores</text>']
    for n, name in enumerate(tools):
        kind = 'ours' if name == 'cfprov' else 'other'
        lines.append(f'<text class="{kind}" x="16" y="{TOP + ROW * n + 16}">{escape(name)}</text>')
    lines += panel(tools, 'wall', seconds, 'time (logarithmic)', NAME)
    lines += panel(tools, 'memory', megabytes, 'memory (logarithmic)', NAME + PANEL + GAP)
    for n, caption in enumerate(captions, 1):
        lines.append(f'<text class="minor" x="16" y="{bottom + CAPTION * n}">'
                     f'{escape(caption)}</text>')
    return '\n'.join(lines + ['</svg>']) + '\n'
