"""`make prove-permissions`: every policy of every reference stack, pair by pair."""
