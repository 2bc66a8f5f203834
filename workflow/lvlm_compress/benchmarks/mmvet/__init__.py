"""MM-Vet: open-ended answers over six capabilities, graded by a judge."""
