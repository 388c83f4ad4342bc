"""What providers' answers are worth to a person: prices, where a model is cheapest, picks, warnings, a history."""
