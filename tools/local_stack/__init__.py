"""The local stack, shared by `make dev` and `make test`."""
