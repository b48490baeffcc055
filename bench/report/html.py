"""One self-contained page: styles, scripts and figures inlined, nothing fetched when it opens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.board.advice import Advice
from bench.board.family import Family, Member, Step, floors
from bench.board.leaderboard import Board, Line
from bench.board.mistakes import Mistake
from bench.board.numbers import decimals, estimate, megabytes, signed, significant
from bench.board.row import Row
from bench.board.rows import counted
from bench.palette import Palette, css_variables
from bench.report.columns import COLUMNS, columns_of
from bench.report.plots.across import Ranks
from bench.report.plots.confusion import Confusion
from bench.report.plots.frontier import Frontier
from bench.report.plots.learning import Learning
from bench.report.plots.per_class import PerClass
from bench.report.plots.reliability import Reliability
from bench.report.plots.style import Drawing, Figure, slug
from bench.report.plots.sweep import Sweeps
from bench.report.provenance import Provenance
from bench.report.search_page import SearchPage
from bench.stats.estimate import Estimate

if TYPE_CHECKING:
    from bench.report.dataset_page import DatasetPage

TEMPLATES = Path(__file__).parent / "templates"
Axis = tuple[float, float]


@dataclass(frozen=True)
class BoardPage:
    """Everything that the page shows of one data set; what cannot be drawn is None or empty."""

    board: Board
    anchor: str
    facts: list[str]
    advice: Advice | None
    axis: Axis | None
    """Scores at the ends of the interval strips in the table."""
    frontiers: tuple[Frontier, ...]
    families: list[Family]
    sweeps: Sweeps | None
    per_class: PerClass | None
    confusion: Confusion | None
    reliability: Reliability | None
    learning: Learning | None
    mistakes: list[Mistake]
    mistaken: str
    """The model whose mistakes they are."""
    mistakes_remark: str
    texts: bool
    """Whether texts of the data set may stand in the page."""
    with_texts: bool
    """Whether they do."""
    data: DatasetPage | None

    @property
    def stem(self) -> str:
        """Name of the figure of the data set, without its ending."""
        return f"{slug(self.board.name)}-data"

    @property
    def drawings(self) -> list[Drawing]:
        """All figures of results, for the PNG files."""
        own: list[Drawing | None] = [
            *self.frontiers,
            self.sweeps,
            self.per_class,
            self.confusion,
            self.reliability,
            self.learning,
        ]
        return [drawing for drawing in own if drawing is not None]


def strip_axis(board: Board) -> Axis | None:
    """A scale that resolves the good models; far worse ones end at its left edge."""
    ends = [(line.score, *line.interval) for line in board.ok_lines if line.interval]
    if not ends:
        return None
    lows = [low for score, low, _ in ends if score >= board.floor] or [low for _, low, _ in ends]
    highs = [high for _, _, high in ends]
    return min(lows), max(max(highs), min(lows) + 1e-6)


def strip_places(line: Line, axis: Axis) -> tuple[float, float, float]:
    """Low end, mean and high end of an interval in per cent of the strip's width."""
    low, high = line.interval or (line.score, line.score)
    shares = [100 * (end - axis[0]) / (axis[1] - axis[0]) for end in (low, line.score, high)]
    low, middle, high = (round(min(100.0, max(0.0, share)), 1) for share in shares)
    return low, middle, high


def render(
    rows: list[Row],
    pages: list[BoardPage],
    searches: list[SearchPage],
    palette: Palette,
    provenance: Provenance,
    made: str,
    foreign: str,
    ranks: Ranks | None,
    superseded: int,
) -> str:
    """The page. `rows` are those of the published results, `superseded` of the store were left out.

    `foreign` warns of results that are not of this store.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure_json": figure_json, "difference": difference, "retained": retained}
    environment.filters |= {"speeds": speeds, "estimate": estimate}
    environment.filters |= {"decimals": decimals, "megabytes": megabytes, "significant": significant, "times": times}
    environment.globals |= {
        "strip_places": strip_places,
        "columns": COLUMNS,
        "columns_of": columns_of,
        "palette": palette,
        "floors": floors,
    }
    current = counted(rows)
    return environment.get_template("report.html.j2").render(
        css=Markup(css_variables() + (TEMPLATES / "style.css").read_text()),
        js=Markup((TEMPLATES / "report.js").read_text()),
        plotly_js=Markup(get_plotlyjs()),
        pages=pages,
        searches=searches,
        counted=current,
        superseded=superseded,
        failures=[row for row in current if not row.ok],
        logs=provenance.logs,
        n_models=len({line.lineage for page in pages for line in page.board.lines}),
        machines=sorted({page.board.machine for page in pages if page.board.machine}),
        provenance=provenance,
        made=made,
        foreign=foreign,
        ranks=ranks,
    )


def difference(estimate: Estimate) -> str:
    """`+0.012 (+0.002 to +0.021)`, with its 95 % interval."""
    return signed(estimate.value, *estimate.interval())


def retained(step: Step) -> str:
    """`98.9 % (97.8 to 100.1)`, with its 95 % interval."""
    share, low, high = (100 * value for value in step.retained)
    return f"{share:.1f} % ({low:.1f} to {high:.1f})"


def times(member: Member, name: str) -> str:
    """A ratio against the parent and, where that is another, against the head: `2.1 · 8.4`; empty where unmeasured."""
    steps = [member.step] if member.depth < 2 else [member.step, member.whole]
    ratios = [getattr(step, name) if step else None for step in steps]
    return " · ".join(significant(ratio) if ratio else "–" for ratio in ratios) if any(ratios) else ""


def speeds(member: Member, name: str) -> str:
    """The same of how many times faster, with intervals: `2.10 (2.00–2.20) · 8.40 (8.10–8.80)`; `× other session`."""
    steps = [member.step] if member.depth < 2 else [member.step, member.whole]
    ratios = [getattr(step, name).text if step else "–" for step in steps]
    return " · ".join(dict.fromkeys(ratios)) if member.step or member.whole else ""


def figure_json(figure: Figure) -> Any:
    """A figure as JSON that no text in it can end: five significant digits, `<`, `>` and `&` escaped."""
    from markupsafe import Markup

    text = json.dumps(rounded(figure), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def rounded(value: Any) -> Any:
    """A figure with five significant digits of each number, its tuples as lists."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value
