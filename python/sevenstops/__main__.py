"""`python -m sevenstops`: the command line."""

from sevenstops.cli import main

main()
