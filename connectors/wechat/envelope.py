"""How is a WeChat push proved and opened, in each of the three modes?

Nothing here parses XML before the signature holds. wechatpy supplies the cipher; what it leaves unchecked
(padding, lengths, its leaks of IndexError and struct.error) is checked here.
Source: developers.weixin.qq.com, Message_encryption_and_decryption_instructions; padding: Technical_Plan.
"""

import base64
import binascii
import re
import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from wechatpy.crypto import PrpCrypto

from connectors.errors import PayloadError, SignatureError
from connectors.signatures import matches, parts_of, sign

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


def open_encrypted(
    query: Mapping[str, str], body: bytes, keys: Sequence[Key], app_id: str
) -> tuple[str, Key]:
    """Find the Encrypt text that ``msg_signature`` covers and open it; also the key that opened it.

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
    problem: PayloadError | SignatureError = PayloadError("cannot be opened")
    for key, text in signed:
        try:
            return _unwrap(_decrypt(key.aes_key, text), app_id), key
        except (PayloadError, SignatureError) as wrong:
            # A wrong key gives noise, whose padding is right once in a few hundred times: try the next.
            problem = wrong
    raise problem


def seal(xml: str, key: Key, app_id: str, at: datetime) -> str:
    """An answer in the envelope WeChat expects in the encrypted modes: sealed, signed, dated."""
    message = xml.encode("utf-8")
    block = secrets.token_bytes(16) + struct.pack(">I", len(message)) + message + app_id.encode("utf-8")
    pad = BLOCK - len(block) % BLOCK
    cipher = PrpCrypto(base64.b64decode(key.aes_key + "=")).cipher
    sealed = base64.b64encode(cipher.encrypt(block + bytes([pad]) * pad)).decode("ascii")
    timestamp, nonce = str(int(at.timestamp())), str(secrets.randbelow(10**9))
    signature = sign(key.token, timestamp, nonce, sealed)
    return (
        f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )


def text_reply(to: str, sender: str, text: str, at: datetime) -> str:
    """The XML of an immediate reply in plain form. ``to`` and ``sender`` are those of the push, swapped."""
    fields = {"ToUserName": to, "FromUserName": sender, "MsgType": "text", "Content": text}
    inner = "".join(f"<{name}>{_cdata(value)}</{name}>" for name, value in fields.items())
    return f"<xml>{inner}<CreateTime>{int(at.timestamp())}</CreateTime></xml>"


def _cdata(text: str) -> str:
    """A text that cannot end its own section: "]]>" is cut in two."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def addressee(opened: str) -> str | None:
    """The ``ToUserName`` of an opened push, without parsing it."""
    found = TO_USER.search(opened)
    return found.group(1).strip() if found else None


def starts_with_a_declaration(opened: str) -> bool:
    """True for a document that opens with <!DOCTYPE or <!ENTITY: WeChat never sends one."""
    return DOCTYPE_FIRST.match(opened) is not None


def _decrypt(aes_key: str, text: str) -> bytes:
    """The plain block without its padding. Raises PayloadError where this key does not open it."""
    try:
        cipher_text = base64.b64decode(text, validate=True)
        padded = PrpCrypto(base64.b64decode(aes_key + "=")).cipher.decrypt(cipher_text)
    except (binascii.Error, ValueError):
        raise PayloadError("cannot be opened") from None
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise PayloadError("cannot be opened")
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
