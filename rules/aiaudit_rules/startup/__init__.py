"""What booting the image, building it anew and weighing it showed."""

FAMILY = "RUN"
NEEDS = {"*": "run"}
