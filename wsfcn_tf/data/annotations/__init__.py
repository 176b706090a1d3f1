"""Labels written as other tools' annotations, for people to correct: outlines, run lengths, and a file per form."""
