"""`ostiary`, and `python -m ostiary`."""

import os


def main() -> None:
    # Looking for pydantic's plugins reads the metadata of every installed package; we have none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from ostiary.cli.program import program  # noqa: PLC0415  behind the line above

    program()


if __name__ == "__main__":
    main()
