"""The policy book as people keep it: a folder of YAML and CSV. Reads it, says all that is wrong with it, shows it."""

from agents.book.folder import BookFolder, load_policy, read_book, read_folder
from agents.book.mistakes import Mistake, PolicyError

__all__ = ["BookFolder", "Mistake", "PolicyError", "load_policy", "read_book", "read_folder"]
