"""Every object can describe itself: each opaque type of the public headers has
a pjrt_NOUN_describe, all of one form, and a test of it in a real state. Those
of extensions, which few plugins have, only tell their facts one by one."""
import re

from tree import ROOT, case, code_of, files

OPAQUE = re.compile(r"^typedef struct pjrt_(\w+) pjrt_\1;", re.M)
DESCRIBES = re.compile(
    r"pjrt_error \*pjrt_(\w+)_describe\(\s*(?:const )?pjrt_\1 \*\w+,\s*"
    r"pjrt_detail detail,\s*char \*\*out,\s*size_t \*out_size\);")

nouns = {noun for path in files(".h", under="include/pjrt")
         if path.parent.name != "ext"
         for noun in OPAQUE.findall(code_of(path))}
described = set(DESCRIBES.findall(
    (ROOT / "include/pjrt/describe.h").read_text()))
tests = "".join(code_of(path) for path in files(".c", under="tests/unit"))

case("every_object", (f"pjrt_{noun} has no pjrt_{noun}_describe"
                      for noun in sorted(nouns - described)))
case("tested", (f"no unit test describes a pjrt_{noun}"
                for noun in sorted(described)
                if not re.search(rf"pjrt_{noun}_describe\((?!NULL)", tests)))
