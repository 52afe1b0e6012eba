"""Resend: the email."""
