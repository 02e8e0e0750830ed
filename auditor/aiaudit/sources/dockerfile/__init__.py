"""Dockerfiles: instructions with exact spans, stages, shell commands inside RUN."""
