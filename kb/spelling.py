"""Did the person mean another word? Words that sound alike, among those the documents use.

Most slips in Chinese are homophones chosen from the input method's list: 居主证 for 居住证. Some write
the sounds themselves, juzhuzheng, or only how each begins, jzz. It only ever makes a suggestion; the search
itself stays with what was written.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from kb.analysis import SAME_WORDS, Segmenter, Token
from kb.sounds import syllables

_SHORTEST, _LONGEST = 2, 4
_LATIN = re.compile(r"(?<![a-z0-9])[a-z][a-z' ]{1,40}[a-z](?![a-z0-9])")
_LEAST_INITIALS = 3  # two letters begin too many words
_LONGEST_SYLLABLE = 6  # zhuang
_MOST_READINGS = 20


class Spelling:
    """Knows how the words of the documents sound."""

    def __init__(self, frequency: Mapping[str, int]) -> None:
        """``frequency``: for every word of the documents, in how many places it occurs."""
        self._frequency = frequency

    def corrected(self, folded: str, segmenter: Segmenter) -> str | None:
        """Return the folded query with unknown words replaced by known ones that sound the same.

        None if nothing is unknown, or nothing known sounds like it and shares a character with it.
        """
        read = _LATIN.sub(lambda found: self._read(found[0], folded != found[0]) or found[0], folded)
        return self._respelt(read, segmenter) or (read if read != folded else None)

    def _respelt(self, folded: str, segmenter: Segmenter) -> str | None:
        pieces = []
        done = 0
        for start, end in self._doubtful(segmenter.tokens(folded)):
            heard = self._heard(folded[start:end]) if start >= done else None
            if heard is not None:
                pieces += [folded[done:start], heard]
                done = end
        return "".join([*pieces, folded[done:]]) if pieces else None

    def warm(self) -> None:
        """Work out what the first correction would wait for: how every word sounds."""
        len(self._by_sound)
        len(self._by_initials)
        len(self._characters)

    def _read(self, letters: str, beside_others: bool) -> str | None:
        """The words that letters stand for: shebaoka, sbk → 社保卡; None if they stand for none.

        Read as one, or else each of what spaces part. ``beside_others``: they are not all that was written.
        """
        if letters in self._frequency:
            return None
        parts = letters.split()
        is_one = len(parts) == 1
        whole = self._sounded(letters, beside_others and is_one)
        if whole or is_one:
            return whole or self._by_initials.get(letters)
        read = [self._sounded(part, False) or self._by_initials.get(part) for part in parts]
        if not any(read):
            return None
        return ("" if all(read) else " ").join(one or part for one, part in zip(read, parts, strict=True))

    def _sounded(self, letters: str, beside_others: bool) -> str | None:
        """The fewest words that sound like this. A single character only fills a gap beside a word, here or in what
        stands beside."""
        run = re.sub(r"[' ]", "", letters)
        worded = (self._worded(sounds, beside_others) for sounds in self._syllables(run))
        fewest = min((words for words in worded if words is not None), key=_fewest, default=())
        return "".join(fewest) or None

    def _syllables(self, run: str) -> list[tuple[str, ...]]:
        """The ways to cut a run of letters into syllables that the documents' words have."""
        ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in run)]
        for end in range(1, len(run) + 1):
            for start in range(max(0, end - _LONGEST_SYLLABLE), end):
                if run[start:end] in self._characters:
                    ways[end] += [(*before, run[start:end]) for before in ways[start]]
            del ways[end][_MOST_READINGS:]
        return ways[-1]

    def _worded(self, sounds: tuple[str, ...], beside_others: bool) -> tuple[str, ...] | None:
        """Syllables as words, the longest first at each place; None unless words cover most of them, or other words
        stand beside them: 社保卡diule."""
        words: list[str] = []
        place = 0
        while place < len(sounds):
            longest = min(_LONGEST, len(sounds) - place)
            spans = (sounds[place : place + size] for size in range(longest, 1, -1))
            word = next((self._by_sound[span] for span in spans if span in self._by_sound), None)
            words.append(word or self._characters[sounds[place]])
            place += len(words[-1])
        covered = sum(len(word) for word in words if len(word) > 1)
        return tuple(words) if 2 * covered > len(sounds) or (beside_others and len(sounds) > 1) else None

    def _heard(self, written: str) -> str | None:
        if written in self._frequency:
            return None
        heard = self._by_sound.get(syllables(written))
        return heard if heard is not None and set(heard) & set(written) else None

    def _doubtful(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
        """Yield spans of neighbouring single characters and unknown words, the longest first at each place.

        A misspelt word falls apart into such pieces when the text is cut.
        """
        for first in range(len(tokens)):
            for last in range(min(len(tokens), first + _LONGEST) - 1, first - 1, -1):
                span = tokens[first : last + 1]
                start, end = span[0].start, span[-1].end
                joined = span[-1].position - span[0].position == last - first
                if joined and _SHORTEST <= end - start <= _LONGEST and all(map(self._is_doubtful, span)):
                    yield start, end

    def _is_doubtful(self, token: Token) -> bool:
        known = token.term in self._frequency or token.term in SAME_WORDS
        return not token.term.isascii() and (len(token.term) == 1 or not known)

    @cached_property
    def _by_sound(self) -> dict[tuple[str, ...], str]:
        """The most frequent word for every sound."""
        return {syllables(word): word for word in self._words}

    @cached_property
    def _by_initials(self) -> dict[str, str]:
        """The most frequent word for the first letters of its sounds: gjj → 公积金."""
        found = {"".join(one[:1] for one in syllables(word)): word for word in self._words}
        return {letters: word for letters, word in found.items() if len(letters) >= _LEAST_INITIALS}

    @cached_property
    def _words(self) -> list[str]:
        """The Chinese words of the documents, the most frequent last."""
        by_frequency = sorted(self._frequency.items(), key=lambda item: (item[1], item[0]))
        return [word for word, count in by_frequency if count and _is_chinese_word(word)]

    @cached_property
    def _characters(self) -> dict[str, str]:
        """The most frequent character of the documents' words for every syllable."""
        counted: Counter[str] = Counter()
        for word, count in self._frequency.items():
            if _is_chinese_word(word):
                counted.update(dict.fromkeys(word, count))
        return {syllables(one)[0]: one for one, _ in reversed(counted.most_common())}


def _fewest(words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(words), words


def _is_chinese_word(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and all("\u4e00" <= character <= "\u9fff" for character in word)
