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

main(["cuda-0.40", "cuda-0.47", "cuda-0.54", "cuda-0.57", "cuda-0.76",
      "cuda-0.114", "cuda", "tpu"])
