"""Draws the figures of bench.py as bars: each figure as a share of its limit."""
from html import escape

ROW, LEFT, WIDTH = 22, 630, 300
FONT = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13"'


def number(value):
    return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'


def draw(figures):
    """An SVG of figures, a list of (case, figure, value, limit). No bar is longer than 1.5 limits."""
    height = ROW * (len(figures) + 2)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + 2 * WIDTH}" height="{height}" '
             f'viewBox="0 0 {LEFT + 2 * WIDTH} {height}" role="img">',
             '<title>What cfprov needs, as a share of its limits</title>',
             '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
             f'<g {FONT} fill="#e6edf3">',
             f'<text x="{LEFT + WIDTH}" y="{ROW - 4}" text-anchor="middle">limit</text>']
    last = None
    for n, (case, what, value, limit) in enumerate(figures, 1):
        y = n * ROW
        share = min(value / limit, 1.5)
        color = '#3fb950' if value <= limit else '#f85149'
        label = what if case == last else f'{case}: {what}'
        last = case
        lines.append(f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">'
                     f'{escape(label.replace("`", ""))}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y + 4}" width="{share * WIDTH:.1f}" height="{ROW - 8}" '
                     f'fill="{color}"/>')
        lines.append(f'<text x="{LEFT + share * WIDTH + 6:.1f}" y="{y + 15}">'
                     f'{number(value)} of {number(limit)}</text>')
    lines.append(f'<path d="M{LEFT + WIDTH} {ROW}V{height - ROW // 2}" stroke="#8b949e" '
                 'stroke-dasharray="4"/>')
    return '\n'.join(lines + ['</g>', '</svg>']) + '\n'
