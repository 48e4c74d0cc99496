"""What the app's pages show."""
