"""The commands by what they are about. Each module offers its own as `commands`."""
