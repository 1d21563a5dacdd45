"""Links between the documents lead somewhere, and so do the paths that they
name in backquotes."""
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


case("links", broken_links())
case("make_targets", missing_targets())
