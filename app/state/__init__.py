"""Plain data of the explorer: what the user set, what is shown, what can be undone."""
