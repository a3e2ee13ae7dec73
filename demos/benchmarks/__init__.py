"""How fast the engine is beside others; README.md here says what is measured and how."""
