"""TextVQA: reading text in pictures, validation split."""
