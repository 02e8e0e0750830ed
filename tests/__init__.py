"""Tests of aiaudit."""
