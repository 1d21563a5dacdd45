"""Links between the documents lead somewhere, what they have make do is there,
and the list of headers is whole."""
import re

from tree import ROOT, case, files, name_of

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"`make ([a-z-]+)")


def broken_links():
    for path in files(".md"):
        for link in LINK.findall(path.read_text()):
            if "://" not in link and not (path.parent / link).exists():
                yield f"{name_of(path)}: {link}"


def missing_targets():
    """`make X` in a document names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(),
                             re.M))
    for path in files(".md"):
        for target in TARGET.findall(path.read_text()):
            if target not in targets:
                yield f"{name_of(path)}: make {target}"


def headers_without_a_row():
    """docs/reference.md names every public header."""
    reference = (ROOT / "docs" / "reference.md").read_text()
    public = ROOT / "include" / "pjrt"
    for path in files(".h", under="include/pjrt"):
        name = str(path.relative_to(public))
        if f"`{name}`" not in reference:
            yield f"docs/reference.md: {name}"


case("links", broken_links())
case("reference", headers_without_a_row())
case("make_targets", missing_targets())
