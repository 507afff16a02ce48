"""The commands: one module for each, named by `app.commands`."""
