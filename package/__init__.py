"""The package that the wheel installs: this file, with app.py, resnet/, ui/ and data beside it.

Its modules call each other by the names they have there (`from resnet import ink`), so Python is to
look where this file lies first.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def page() -> int:
    """The command `shortcuts`: python app.py."""
    import app

    return app.main(app.get_args_parser().parse_args())


def nets() -> int:
    """The command `shortcuts-nets`: python -m resnet."""
    from resnet.__main__ import main

    return main()
