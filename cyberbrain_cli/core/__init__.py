"""Floor 0: the pure vocabulary of the program. Knows no network, no files, no SQL, no terminal."""
