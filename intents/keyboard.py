"""Words as the fingers left them: Telex and VNI keys typed without the keyboard, and letters of chat.

«ddawng kys», «gia61y to72» and «bằg» are turned into what was meant; whether such a word exists is for the
caller to judge.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from intents.text import fold

_TELEX_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_VNI_TONES = {"1": "\u0301", "2": "\u0300", "3": "\u0309", "4": "\u0303", "5": "\u0323"}
_VNI_MARKS = {"6": "^", "7": "+", "8": "(", "9": "-"}
_VOWELS = frozenset("aeiouy")
_HATS = {"a": "â", "e": "ê", "o": "ô"}
_HORNS = {"u": "ư", "o": "ơ"}
_TELEX_PAIRS = {"aa": "â", "ee": "ê", "oo": "ô", "dd": "đ", "aw": "ă", "ow": "ơ", "uw": "ư"}
_TONE_PLACES = ("ơ", "ê", "ô", "â", "ă", "ư")

_CHAT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meant)
    for pattern, meant in (
        (r"^f", "ph"),
        (r"^w", "qu"),
        (r"^j", "gi"),
        (r"^dz", "d"),
        (r"^z", "d"),
        (r"^z", "v"),
        (r"^z", "gi"),
        (r"k$", "ch"),  # thik
        (r"k$", "c"),
        (r"iu$", "iêu"),
        (r"un$", "uôn"),
        (r"0", "o"),
    )
)


def meanings(token: str) -> Iterator[str]:
    """Yield what a token may stand for, the likeliest first."""
    if any(char.isdigit() for char in token):
        yield from _told(_from_vni(token))
    elif token.isascii():
        yield from _told(_from_telex(token))
    if token.endswith("g") and fold(token[-2:-1]) in _VOWELS:
        yield f"{token[:-1]}ng"  # bằg, trug
    for pattern, meant in _CHAT:
        if (word := pattern.sub(meant, token)) != token:
            yield word


def _told(word: str) -> Iterator[str]:
    if word:
        yield word


def _from_vni(token: str) -> str:
    """Return a word typed with the numbers of VNI («d9o3»), or an empty text."""
    letters: list[str] = []
    tone = ""
    for char in token:
        if char in _VNI_TONES:
            tone = _VNI_TONES[char]
        elif char in _VNI_MARKS:
            if not _mark(letters, _VNI_MARKS[char]):
                return ""
        elif char.isdigit():
            return ""
        else:
            letters.append(char)
    return _toned("".join(letters), tone)


def _from_telex(token: str) -> str:
    """Return a word typed with the letters of Telex («ddangs»), or an empty text where none was typed."""
    letters: list[str] = []
    tone = ""
    for char in token:
        before = letters[-1] if letters else ""
        if char in _TELEX_TONES and any(fold(letter) in _VOWELS for letter in letters):
            tone = _TELEX_TONES[char]
        elif pair := _TELEX_PAIRS.get(before + char):
            letters[-1] = pair
        elif not _late(char, letters):
            letters.append("ư" if char == "w" else char)
    word = "".join(letters)
    if "uơ" in word:
        word = word.replace("uơ", "ươ")
    return _toned(word, tone) if word + tone != token else ""


def _late(char: str, letters: list[str]) -> bool:
    """Put a mark on a letter typed before («tiene» is «tiên»); tell whether there was one."""
    if char == "w":
        return _mark(letters, "+")
    twice = char in _HATS and char in letters and fold(letters[-1]) not in _VOWELS
    return twice and _mark(letters, "^")


def _mark(letters: list[str], mark: str) -> bool:
    """Put a mark on the last letter that can take it; tell whether there was one."""
    if mark == "-":
        return _replace_last(letters, {"d": "đ"})
    if mark == "(":
        return _replace_last(letters, {"a": "ă"})
    if mark == "^":
        return _replace_last(letters, _HATS)
    if (at := "".join(letters).rfind("uo")) >= 0:
        letters[at : at + 2] = "ư", "ơ"
        return True
    return _replace_last(letters, _HORNS)


def _replace_last(letters: list[str], marked: dict[str, str]) -> bool:
    for at in range(len(letters) - 1, -1, -1):
        if letters[at] in marked:
            letters[at] = marked[letters[at]]
            return True
    return False


def _toned(word: str, tone: str) -> str:
    """Put a tone on the vowel that carries it."""
    if not tone:
        return word
    at = next((word.rfind(vowel) for vowel in _TONE_PLACES if vowel in word), -1)
    if at < 0:
        at = next((n for n, letter in enumerate(word) if letter in _VOWELS), -1)
    if at < 0:
        return ""
    return unicodedata.normalize("NFC", f"{word[: at + 1]}{tone}{word[at + 1 :]}")
