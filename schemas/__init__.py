"""The data: records, closed sets of labels, coders and Arrow schemas. Imports no other package of the project."""
