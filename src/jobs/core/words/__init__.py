"""The catalogue of user-facing sentences, a module for each place that speaks to a person."""
