"""The methods: what is declared about each (`table`), and what finds and loads them (`registry`)."""
