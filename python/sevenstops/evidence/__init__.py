"""What was measured and what it says: metrics, statistics, verdicts, and the documents of them."""
