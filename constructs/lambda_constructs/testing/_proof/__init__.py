"""Proves what policies say: each grant needed, each attack refused."""
