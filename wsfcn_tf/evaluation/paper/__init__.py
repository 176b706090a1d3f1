"""The paper's tables beside what has been measured."""
