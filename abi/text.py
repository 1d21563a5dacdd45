"""Laying out generated C at 80 columns."""

import textwrap

WIDTH = 80


def banner(title):
    return [f"/* {title} ".ljust(WIDTH - 3, "-") + " */"]


def comment(text, indent=""):
    """A block comment, wrapped."""
    room = WIDTH - len(indent) - 6
    lines = textwrap.wrap(text, room, break_long_words=False,
                          break_on_hyphens=False)
    if len(lines) == 1:
        return [f"{indent}/* {lines[0]} */"]
    out = [f"{indent}/* {lines[0]}"]
    out += [f"{indent} * {line}" for line in lines[1:]]
    if len(out[-1]) + 3 > WIDTH:
        return out + [f"{indent} */"]
    out[-1] += " */"
    return out


def align_notes(rows):
    """Lines of (code, note), or finished lines; the notes in one column.

    A note that has no room behind its code stands above it.
    """
    pairs = [row for row in rows if isinstance(row, tuple) and row[1]]
    fitting = [(code, note) for code, note in pairs
               if len(code) + len(note) + 7 <= WIDTH]
    room = min([WIDTH - len(note) - 7 for _, note in fitting], default=0)
    column = max([len(code) for code, _ in fitting if len(code) <= room],
                 default=0)
    lines = []
    for row in rows:
        code, note = row if isinstance(row, tuple) else (row, "")
        if not note:
            lines.append(code)
        elif len(code) + len(note) + 7 <= WIDTH:
            lines.append(f"{code.ljust(column)} /* {note} */")
        else:
            lines += [f"  /* {note} */", code]
    return lines


def sentence(parts):
    """Notes joined to one sentence; names keep their spelling."""
    text = "; ".join(parts) + "."
    first = text.split()[0]
    return text[0].upper() + text[1:] if first.strip(".,;").islower() else text


def wrap_call(line):
    """Breaks a declaration with one long parameter list."""
    if len(line) <= WIDTH:
        return [line]
    indent = len(line) - len(line.lstrip())
    open_ = last_open(line)
    head, rest = line[:open_ + 1], line[open_ + 1:]
    lines = fill(head, split_params(rest), open_ + 1)
    if max(map(len, lines)) > WIDTH:
        lines = fill(head, split_params(rest), indent + 4)
    return lines


def last_open(line):
    """Where the outermost parameter list of a declaration opens."""
    depth = 0
    for i in range(len(line) - 1, -1, -1):
        if line[i] == ")":
            depth += 1
        elif line[i] == "(":
            depth -= 1
            if depth == 0:
                return i
    raise AssertionError(line)


def split_params(rest):
    """'a, void (*f)(b, c));' -> ['a,', 'void (*f)(b, c));']"""
    parts, depth, start = [], 0, 0
    for i, ch in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(ch, 0)
        if ch == "," and depth == 0:
            parts.append(rest[start:i + 1])
            start = i + 2
    return parts + [rest[start:]]


def fill(head, parts, indent):
    if indent < len(head):
        lines, current = [head], " " * indent
    else:
        lines, current = [], head
    fresh = True
    for part in parts:
        gap = "" if fresh else " "
        if not fresh and len(current) + len(gap) + len(part) > WIDTH:
            lines.append(current)
            current, gap = " " * indent, ""
        current += gap + part
        fresh = False
    return lines + [current]


def fill_rows(text, indent, end):
    """A comma-separated list over as many lines as it needs."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - len(end),
                          break_long_words=False)
    return [indent + line for line in lines[:-1]] + [indent + lines[-1] + end]
