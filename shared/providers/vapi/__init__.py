"""Vapi: the phone calls."""
