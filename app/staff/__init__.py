"""人员: who works here and what each may do."""
