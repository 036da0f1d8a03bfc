"""Single checks of `tidegate edge doctor`: each looks at one thing, judges it in a pure rule, and says what to do next."""
