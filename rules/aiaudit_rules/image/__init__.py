"""The image: layer order, weight, reproducibility, runtime, correctness."""

FAMILY = "IMG"
NEEDS = {"*": "image", "model_revision_not_pinned": ""}
