"""MME: yes/no pairs over ten perception and four cognition tasks."""
