"""May this be somebody's password? Long enough, not common, not the person's own name (B20)."""

import unicodedata
from collections.abc import Iterable

SHORTEST = 10
LONGEST = 128

# fmt: off
COMMON = frozenset((
    "password", "passwrd", "passw", "pssword", "psswrd", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "qazwsx", "qazwsxedc", "qwer", "qwert", "letmein", "welcome", "iloveyou", "admin", "administrator",
    "root", "guest", "changeme", "default", "secret", "woaini", "woaiwojia", "nihao", "zhongguo", "china",
    "beijing", "huiying", "zhengwu", "mima", "ceshi", "abc", "abcd", "abcde", "aa", "a", "abcdef", "abcdefg",
    "abcdefgh", "qwe", "asd", "asdf", "zxc", "zxcv", "test", "user", "monkey", "dragon", "sunshine",
    "football", "princess", "master", "login",
))
# fmt: on
"""Letters of the passwords that are tried first everywhere; digits and signs around them change little."""

_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def problem(password: str, about: Iterable[str] = ()) -> str | None:
    """Why ``password`` may not be used, as a sentence; None when it may.

    ``about``: words of the person (name, sign-in name) of which the password may not consist.
    Length counts characters; there is no rule about kinds of characters (NIST SP 800-63B).
    """
    if len(password) < SHORTEST:
        return f"密码至少 {SHORTEST} 位，您只写了 {len(password)} 位"
    if len(password) > LONGEST:
        return f"密码最长 {LONGEST} 位"
    plain = unicodedata.normalize("NFKC", password).casefold()
    if plain.isdigit():
        return "密码不能全是数字，电话号码和生日容易被猜到"
    stem = "".join(c for c in plain if c.isalpha())
    if _is_monotonous(plain) or (stem in COMMON and _few(plain, stem)):
        return "这个密码太常见，容易被猜到。可以把几个不相干的词连起来写"
    own = {unicodedata.normalize("NFKC", word).casefold() for word in about if word}
    if stem in own or plain in own:
        return "密码里只有您的姓名或登录名，容易被猜到。请换一个"
    return None


def _is_monotonous(plain: str) -> bool:
    """Few different characters, a short piece repeated, or a run along the keyboard."""
    if len(set(plain)) < 4:
        return True
    repeated = any(plain == (plain[:n] * len(plain))[: len(plain)] for n in range(1, len(plain) // 2 + 1))
    return repeated or any(plain in run or plain[:10] in run for run in _RUNS)


def _few(plain: str, stem: str) -> bool:
    """Whether what surrounds a common word adds too little to matter."""
    return len(plain) - len(stem) < SHORTEST
