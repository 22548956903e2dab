"""Numbers with the words for what they count."""


def counted(number: int, one: str, several: str = "") -> str:
    """A number and its noun, or more of a sentence, in the singular or plural: ``1 file``, ``2,000 files``.

    Args:
        number: 0 or more.
        one: the words behind 1.
        several: those behind any other number; none: ``one`` and an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
