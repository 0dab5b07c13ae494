"""How is a WeChat push proved and opened, in each of the three modes?

Nothing here parses XML before the signature holds. wechatpy supplies the cipher; what it leaves unchecked
(padding, lengths, its leaks of IndexError and struct.error) is checked here.
Source: developers.weixin.qq.com, Message_encryption_and_decryption_instructions; padding: Technical_Plan.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wechatpy.crypto import PrpCrypto

from connectors.errors import PayloadError, SignatureError
from connectors.signatures import matches, parts_of

MAX_BODY_BYTES = 64 * 1024
AES_KEY_PATTERN = r"[A-Za-z0-9]{43}"
BLOCK = 32

ENCRYPT = re.compile(
    rb"<Encrypt>\s{0,8}(?:<!\[CDATA\[)?([A-Za-z0-9+/]{1,65536}={0,2})(?:\]\]>)?\s{0,8}</Encrypt>"
)
TO_USER = re.compile(r"<ToUserName>\s{0,8}(?:<!\[CDATA\[)?([^<\]]{0,128})")
DOCTYPE_FIRST = re.compile(r"[\s\ufeff]{0,64}(?:<\?xml[^>]{0,200}\?>)?\s{0,64}<!")


class Key(NamedTuple):
    """A token with the EncodingAESKey that belongs to it (empty where only plain pushes are expected)."""

    token: str
    aes_key: str


def prove_plain(query: Mapping[str, str], keys: Iterable[Key]) -> None:
    """Check the three-item signature. It proves the query only, never the body. Raises SignatureError."""
    signature, timestamp, nonce = parts_of(query, "signature", "timestamp", "nonce")
    if not any(matches(signature, key.token, timestamp, nonce) for key in keys if key.token):
        raise SignatureError("mismatch")


def open_encrypted(query: Mapping[str, str], body: bytes, keys: Iterable[Key], app_id: str) -> str:
    """Find the Encrypt text that ``msg_signature`` covers and open it.

    Where the citizen wrote "<Encrypt>…" into the plain part of a compatible-mode push there are several;
    only the signed one counts. Raises SignatureError, PayloadError("cannot be opened").
    """
    prove_plain(query, keys)
    msg_signature, timestamp, nonce = parts_of(query, "msg_signature", "timestamp", "nonce")
    texts = [found.group(1).decode("ascii") for found in ENCRYPT.finditer(body)][:4]
    signed = [
        (key, text)
        for text in texts
        for key in keys
        if key.token and key.aes_key and matches(msg_signature, key.token, timestamp, nonce, text)
    ]
    if not signed:
        raise SignatureError("mismatch" if texts else "missing")
    for key, text in signed:
        block = _decrypt(key.aes_key, text)
        if block is not None:
            return _unwrap(block, app_id)
    raise PayloadError("cannot be opened")


def addressee(opened: str) -> str | None:
    """The ``ToUserName`` of an opened push, without parsing it."""
    found = TO_USER.search(opened)
    return found.group(1).strip() if found else None


def starts_with_a_declaration(opened: str) -> bool:
    """True for a document that opens with <!DOCTYPE or <!ENTITY: WeChat never sends one."""
    return DOCTYPE_FIRST.match(opened) is not None


def _decrypt(aes_key: str, text: str) -> bytes | None:
    """The plain block without its padding, or None where this key does not open it."""
    try:
        cipher_text = base64.b64decode(text, validate=True)
        padded = PrpCrypto(base64.b64decode(aes_key + "=")).cipher.decrypt(cipher_text)
    except (binascii.Error, ValueError):
        return None
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
        return None
    return bytes(padded[:-pad])


def _unwrap(block: bytes, app_id: str) -> str:
    """16 random bytes, 4 bytes of length (big-endian, counted in bytes), the message, our AppID."""
    if len(block) < 20:
        raise PayloadError("cannot be opened")
    (length,) = struct.unpack(">I", block[16:20])
    message, tail = block[20 : 20 + length], block[20 + length :]
    if len(message) != length:
        raise PayloadError("cannot be opened")
    if tail != app_id.encode("utf-8"):
        raise SignatureError("foreign")
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError:
        raise PayloadError("not UTF-8") from None
