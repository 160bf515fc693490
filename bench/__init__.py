"""Measurements: python -m bench.inference, bench.training, bench.live."""
