"""The house: the whole system as local processes of one machine, in one folder; behind `make up` and its like."""
