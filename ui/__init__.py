"""The page's parts; they show answers and never touch tensors.

Gradio is imported here first, so that it calls nobody, and without what takes a quarter of the
start: beside the source of every component, ours too, it would write a type stub.
"""

import inspect
import os
from unittest.mock import patch

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read at import
with patch.object(inspect, "getfile", side_effect=OSError):  # no source, no stub
    from gradio import component_meta

component_meta.create_or_modify_pyi = lambda *_: None
