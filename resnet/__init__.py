"""Two ResNet18s for handwritten digits, with and without shortcuts."""
