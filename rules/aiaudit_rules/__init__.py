"""The built-in rules; one module a rule, discovered by walking the package."""
