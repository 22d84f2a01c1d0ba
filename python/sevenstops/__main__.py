"""`python -m sevenstops`: the command line."""

from sevenstops.cli.main import main

if __name__ == "__main__":
    main()
