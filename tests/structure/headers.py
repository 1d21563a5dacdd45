"""Reads the public prototypes and their comments."""
import re
from dataclasses import dataclass

from tree import files, name_of

PROTOTYPE = re.compile(
    r"(?P<comment>/\*(?:(?!\*/).)*\*/\n)?"
    r"(?P<code>(?:PJRT_API\b|typedef\b[^;{}]*\(\s*\*)[^;{}]*;)", re.S)
NAME = re.compile(r"(\w+)\s*\(")
CALLBACK_NAME = re.compile(r"\(\s*\*\s*(\w+)\s*\)\s*\(")


@dataclass
class Prototype:
    where: str      # file:line
    name: str
    result: str     # the text before the name
    parameters: list  # (name, whether it is a pointer)
    comment: str
    is_callback: bool


def split_parameters(text):
    """[(name, is a pointer)] of a parameter list; (void) is empty."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text + ","):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    parameters = []
    for part in parts:
        if part in ("void", "", "..."):
            continue
        callback = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", part)
        if callback:
            parameters.append((callback[1], False))
        else:
            name = re.search(r"(\w+)\s*(?:\[[^\]]*\])?$", part)[1]
            parameters.append((name, "*" in part or "[" in part))
    return parameters


def parse(where, match):
    code = " ".join(match["code"].split())
    code = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", code)
    is_callback = code.startswith("typedef")
    head = (CALLBACK_NAME if is_callback else NAME).search(code)
    opening = head.end() - 1
    closing = code.rindex(")")
    result = code[:head.start()]
    for word in ("PJRT_API", "PJRT_MUST_USE", "typedef"):
        result = result.replace(word, "")
    return Prototype(where, head[1], result.strip(),
                     split_parameters(code[opening + 1:closing]),
                     match["comment"] or "", is_callback)


def prototypes():
    found = []
    for path in files(".h", under="include/pjrt"):
        text = path.read_text()
        text = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", lambda m: re.sub(
            r"[^\n]", " ", m[0]), text, flags=re.M)
        for match in PROTOTYPE.finditer(text):
            line = text.count("\n", 0, match.start("code")) + 1
            found.append(parse(f"{name_of(path)}:{line}", match))
    return found
