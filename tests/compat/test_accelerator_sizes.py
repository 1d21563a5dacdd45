#!/usr/bin/env python3
"""Plugins for other hardware, too, expect the sizes that the registry records.

Asking for sizes needs no hardware.
tier: all
"""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "headers"))

from test_plugin_sizes import main  # noqa: E402

# Keeps libtpu from asking the network and from minding a lock file.
os.environ.update(TPU_SKIP_MDS_QUERY="1", ALLOW_MULTIPLE_LIBTPU_LOAD="1")

main(["cuda", "cuda-0.40", "tpu"])
