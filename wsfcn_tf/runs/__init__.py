"""All that lies in a run's folder: its layout, lock, record, tables, and what they tell."""
