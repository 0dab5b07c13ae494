"""政府网站来信: letters written on the office's own pages; the reply appears on the progress page."""
