"""The page's parts; they show answers and never touch tensors."""
