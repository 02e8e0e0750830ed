"""One module a report format: `render(report, stream)`."""
