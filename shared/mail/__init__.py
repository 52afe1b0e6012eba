"""The owner's emails: what they show (`evening`), say (`verdict`, `words`) and look like (`view`, `render`).

Everything here is pure: it takes a finished report and returns text and bytes. Counting the figures is the
metrics stage's job, sending the mail the email provider's.
"""
