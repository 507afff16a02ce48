"""Functions that menus, keys and panels call."""
