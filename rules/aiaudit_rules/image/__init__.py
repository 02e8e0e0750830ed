"""The image: layer order, weight, reproducibility, runtime, correctness."""

FAMILY = "IMG"
