"""Twilio: the text messages, and what kind of line a number is."""
