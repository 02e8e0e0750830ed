"""Facts -> one linked service: what runs, what it needs, what a request reaches."""
