"""The local stack: what `make dev` and `make test` have in common."""
