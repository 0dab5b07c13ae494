"""对接联通: answers of neighbouring libraries, signed, read only, with precedence."""
