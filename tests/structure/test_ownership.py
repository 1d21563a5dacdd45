"""Every pointer in a public prototype says who owns what it points to, in the
closed set of words that base.h explains."""
import re

from headers import prototypes
from tree import case, files

TAG = re.compile(r"@(param (?P<name>\w+)|return)\s+\[(?P<word>[^\]:]+)"
                 r"(?:: *(?P<what>[^\]]+))?\]")
ANY_TAG = re.compile(r"@(?:param (\w+)|(return))")
RAW_ABI = "include/pjrt/abi.h"


def tags_of(prototype):
    tags = {}
    comment = re.sub(r"\s*\n \*\s*", " ", prototype.comment)
    for match in TAG.finditer(comment):
        tags[match["name"] or "return"] = (match["word"], match["what"])
    return tags


def untagged(prototype, tags):
    """Pointers without a tag. An error result is always the caller's, as
    error.h says once for all."""
    for name, is_pointer in prototype.parameters:
        if is_pointer and name not in tags:
            yield f"{prototype.where}: {prototype.name}: {name} has no tag"
    result = prototype.result
    if "*" in result and "pjrt_error *" not in result and \
            "return" not in tags:
        yield f"{prototype.where}: {prototype.name}: no @return tag"


def stale(prototype):
    known = {name for name, _ in prototype.parameters} | {"return"}
    for match in ANY_TAG.finditer(prototype.comment):
        name = match[1] or match[2]
        if name not in known:
            yield f"{prototype.where}: {prototype.name} has no {name}"


def wrong_words(prototype, tags, functions, nouns):
    scopes = {"call", "static"} | nouns | {n for n, _ in prototype.parameters}
    for name, (word, what) in tags.items():
        where = f"{prototype.where}: {prototype.name}: {name}"
        if word == "owned":
            if what not in functions:
                yield f"{where} is owned, to be freed by {what!r}: no function"
        elif word == "borrowed":
            if what not in scopes:
                yield f"{where} is borrowed from {what!r}: no such object"
        elif word not in ("taken", "shared"):
            yield f"{where}: {word!r} is not a word for ownership"
        elif what is not None:
            yield f"{where}: {word} takes no object"


everything = [p for p in prototypes() if not p.where.startswith(RAW_ABI)]
tagged = [(p, tags_of(p)) for p in everything]
function_names = {p.name for p in everything} | {"free"}
noun_names = set()
for header in files(".h", under="include/pjrt"):
    for m in re.finditer(r"typedef struct pjrt_(\w+) pjrt_\1;",
                         header.read_text()):
        noun_names |= {m[1], m[1].replace("_", " ")}

print(f"{len(everything)} prototypes")
case("found_prototypes", [] if len(everything) > 100 else
     [f"only {len(everything)} public prototypes were found"])
case("every_pointer_tagged",
     [x for p, tags in tagged for x in untagged(p, tags)])
case("no_stale_names", [x for p in everything for x in stale(p)])
case("words", [x for p, tags in tagged
               for x in wrong_words(p, tags, function_names, noun_names)])
case("every_function_documented",
     [f"{p.where}: {p.name}" for p in everything if not p.comment])
