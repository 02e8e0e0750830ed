"""The ignore comments themselves: with a reason, of a rule that exists, and of use."""

FAMILY = "IGN"
