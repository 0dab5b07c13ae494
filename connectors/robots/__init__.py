"""Group robots and mail: how a reminder leaves the house. No citizen is ever written to from here."""
