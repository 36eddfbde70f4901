"""Search: words and their forms, the language of queries, the index beside the dataset, and what is found."""
