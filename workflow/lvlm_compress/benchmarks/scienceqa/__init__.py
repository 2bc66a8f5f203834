"""ScienceQA: multiple choice with and without pictures, test split."""
