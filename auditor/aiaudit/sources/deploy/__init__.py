"""Deploy files: compose, Kubernetes, .env, .dockerignore."""
