"""How true a restoration stays: its colours, the person, and how much of the change is used."""
