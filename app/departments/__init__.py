"""承办单位: who handles which category and place."""
