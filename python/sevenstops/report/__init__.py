"""What people read of the evidence: every part here is made from the document alone."""
