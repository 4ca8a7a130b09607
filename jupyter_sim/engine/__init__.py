"""Engines: what continues a prompt. Only `client` and `scripted` are seen from outside."""
