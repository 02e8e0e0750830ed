"""What a plan is made of, each part learned from the static model."""
