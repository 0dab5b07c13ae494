"""How are secrets and personal identifiers kept so that a copy of the database tells nothing?

AES-256-GCM with a random nonce per value; the purpose is bound as associated data, so that a sealed
phone number cannot be passed off as a sealed token. Pseudonyms are keyed (HMAC-SHA-256), never bare
hashes, and are not published (reliability §2.1). Clauses A23, A25.
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.base.errors import Unavailable

_VERSION = "k1"
_NONCE_BYTES = 12


class Keys:
    """Everything derived from the one secret of an installation."""

    def __init__(self, secret: str) -> None:
        self._root = hashlib.sha256(secret.encode()).digest()
        self._seal = AESGCM(self._derive("seal"))

    def __repr__(self) -> str:
        return "Keys(…)"

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self._root, purpose.encode(), hashlib.sha256).digest()

    def seal(self, text: str, purpose: str) -> str:
        """``text`` encrypted for ``purpose``; opens only with the same purpose."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._seal.encrypt(nonce, text.encode(), purpose.encode())
        return f"{_VERSION}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, purpose: str) -> str:
        """The text again. Raises `Unavailable` if the installation's secret was changed."""
        raw = base64.urlsafe_b64decode(sealed.removeprefix(f"{_VERSION}."))
        try:
            return self._seal.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
        except InvalidTag:
            raise Unavailable("密钥与数据不匹配。请检查 HUIYING_SECRET_KEY 是否被换过") from None

    def digest(self, text: str, purpose: str) -> str:
        """Keyed digest, 64 hex characters: for looking a secret up without keeping it."""
        return hmac.new(self._derive(purpose), text.encode(), hashlib.sha256).hexdigest()

    def sign(self, text: str, purpose: str) -> str:
        """Ed25519 signature of ``text``, base64; anybody can check it with `public_key` (RFC 8032)."""
        return base64.b64encode(self._signer(purpose).sign(text.encode())).decode()

    def public_key(self, purpose: str) -> str:
        """The public half of the signing key of this installation for ``purpose``, base64 of 32 bytes."""
        raw = self._signer(purpose).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def _signer(self, purpose: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._derive(f"sign:{purpose}"))

    def pseudonym(self, text: str, purpose: str) -> str:
        """Keyed pseudonym of a platform's user id, 26 characters of base32. Not for publication."""
        raw = hmac.new(self._derive(f"pseudonym:{purpose}"), text.encode(), hashlib.sha256).digest()
        return base64.b32encode(raw[:16]).decode().rstrip("=")


def is_signed(text: str, signature: str, public_key: str) -> bool:
    """Whether ``signature`` (base64) of ``text`` is by the holder of ``public_key`` (base64). Never raises."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
