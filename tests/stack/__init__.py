"""The services that tests and the demo run on."""
