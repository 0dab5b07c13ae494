"""Learn the numbers that are shipped anew, from labelled sets: `python -m bench.training answers FOLDER`.

Routing is learned by the office's own job (`app.departments.training`), abuse by `python -m bench.abuse`.
"""
