"""我为政府网站找错: citizens' corrections, brought as files from the national system."""
