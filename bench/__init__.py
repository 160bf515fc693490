"""The measurements behind the figures, one module each: python -m bench.NAME."""
