"""What the tests are made with: a person at a terminal, clients that are not the script, and what watches both."""
