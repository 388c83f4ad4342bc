"""What both front ends say, in words: verdicts, amounts, times, and all that is known of a key. Knows neither."""
