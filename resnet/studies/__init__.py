"""Measurements of shortcuts, kept in results/; answering and training need none of them."""
