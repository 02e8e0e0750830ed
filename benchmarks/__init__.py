"""Speed, as ratios against tools that people know."""
