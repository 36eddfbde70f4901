"""What the data is: records, closed sets of labels, and their Arrow form. Imports nothing of ours."""
