"""What a run says: a table, a plot, and one line of history."""

import json
import statistics
from pathlib import Path
from xml.sax.saxutils import escape

BEGIN, END = "<!-- begin: written by ./dev bench -->", "<!-- end -->"


def summarized(row, rounds):
    """The row over all rounds; nothing if one of its contests was left out."""
    samples = [(each[row.ours[0]][row.ours[1]], each[row.theirs[0]][row.theirs[1]] if row.theirs else None)
               for each in rounds if row.contests <= each.keys()]
    if not samples:
        return None
    compared = [row.compared(*sample) for sample in samples]
    value = statistics.median(compared)
    return {"title": row.title, "unit": row.unit, "ours": statistics.median(ours for ours, _ in samples),
            "theirs": statistics.median(theirs for _, theirs in samples) if row.theirs else None,
            "value": value, "least": min(compared), "most": max(compared), "goal": row.goal, "is_most": row.is_most,
            "is_difference": row.is_difference, "met": None if row.goal is None else row.is_met(value)}


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def compared_text(summary, value):
    if summary["theirs"] is None:
        return number(value)
    return f"{value:+.0f} {summary['unit']}" if summary["is_difference"] else f"{number(value)} ×"


def goal_text(summary):
    if summary["goal"] is None:
        return "–"
    return f"{'≤' if summary['is_most'] else '≥'} {compared_text(summary, summary['goal'])}"


def table(summaries):
    lines = ["| measure | Cubby | the other | compared (least–most) | goal | met |", "| --- | --- | --- | --- | --- | --- |"]
    for each in summaries:
        met = {None: "–", True: "yes", False: "**no**"}[each["met"]]
        spread = f"{compared_text(each, each['least'])}–{compared_text(each, each['most'])}"
        lines.append(f"| {each['title']} | {number(each['ours'])} {each['unit']} | "
                     f"{number(each['theirs'])}{' ' + each['unit'] if each['theirs'] is not None else ''} | "
                     f"{compared_text(each, each['value'])} ({spread}) | {goal_text(each)} | {met} |")
    return "\n".join(lines)


def plot(summaries):
    """How far each judged ratio is on the good side of its goal, as bars; the line is the goal."""
    bars = [each for each in summaries if each["goal"] and not each["is_difference"]]
    width, left, row, scale = 860, 420, 24, 110
    height = row * len(bars) + 40
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for index, each in enumerate(bars):
        times = each["goal"] / each["value"] if each["is_most"] else each["value"] / each["goal"]
        length = min(times, 3.8) * scale
        y = 30 + index * row
        color = "#2a7d4f" if each["met"] else "#b5482f"
        lines += [f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(each["title"])}</text>',
                  f'<rect x="{left}" y="{y}" width="{length:.0f}" height="17" fill="{color}"/>',
                  f'<text x="{left + length + 5:.0f}" y="{y + 13}">{times:.2f}</text>']
    lines += [f'<line x1="{left + scale}" x2="{left + scale}" y1="20" y2="{height - 6}" stroke="black" stroke-dasharray="4 3"/>',
              f'<text x="{left + scale}" y="15" text-anchor="middle">goal</text>', "</svg>"]
    return "\n".join(lines) + "\n"


def write_page(page, conditions, summaries):
    """Replaces what stands between the marks of the page, and the plot beside it."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{conditions}\n\n{table(summaries)}\n{END}{after}")
    page.with_suffix(".svg").write_text(plot(summaries))


def append_history(folder, run):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{run['date'][:4]}.jsonl", "a") as history:
        history.write(json.dumps(run, ensure_ascii=False) + "\n")
