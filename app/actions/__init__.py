"""What menus, keys and panels do, as functions."""
