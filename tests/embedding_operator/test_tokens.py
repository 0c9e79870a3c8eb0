"""Tokens by which pods know the operator, checked as a pod checks them."""

import json
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from embedding_operator.tokens import Signer, SigningKey

AUDIENCE = "team/uid"
NEW, OLD = SigningKey.new(datetime.now(UTC)), SigningKey.new(datetime.now(UTC))


def check(token: str, published: str, audience: str = AUDIENCE) -> dict[str, int | str]:
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(published).keys}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, int | str] = jwt.decode(token, key, algorithms=["EdDSA"], audience=audience)
    return claims


def test_a_token_is_for_one_index_and_less_than_a_minute() -> None:
    signer = Signer((NEW,))
    claims = check(signer.sign(AUDIENCE), signer.publish())
    assert (claims["iss"], claims["aud"]) == ("gpu-embedding-operator", AUDIENCE)
    assert 0 < int(claims["exp"]) - int(claims["iat"]) <= 60


def test_another_indexs_pods_do_not_take_it() -> None:
    signer = Signer((NEW,))
    with pytest.raises(jwt.InvalidAudienceError):
        check(signer.sign("team/another"), signer.publish())


def test_another_operators_key_does_not_do() -> None:
    foreign = SigningKey(NEW.id, OLD.private)
    with pytest.raises(jwt.InvalidSignatureError):
        check(Signer((foreign,)).sign(AUDIENCE), Signer((NEW,)).publish())


def test_public_halves_alone_are_published() -> None:
    (key,) = json.loads(Signer((NEW,)).publish())["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["alg"], key["kid"]) == ("OKP", "Ed25519", "EdDSA", NEW.id)


def test_while_keys_rotate_both_are_taken_and_the_first_signs() -> None:
    before, during, after = Signer((OLD,)), Signer((NEW, OLD)), Signer((NEW,))
    check(before.sign(AUDIENCE), during.publish())
    check(during.sign(AUDIENCE), during.publish())
    check(during.sign(AUDIENCE), after.publish())
    assert jwt.get_unverified_header(during.sign(AUDIENCE))["kid"] == NEW.id


def test_the_same_keys_give_the_same_text() -> None:
    assert Signer((NEW, OLD)).publish() == Signer((OLD, NEW)).publish()


def test_a_key_that_was_written_can_be_read() -> None:
    read = SigningKey.read(NEW.id, NEW.write())
    assert (read.id, read.publish()) == (NEW.id, NEW.publish())


def test_a_key_of_another_kind_is_refused() -> None:
    rsa = generate_private_key(65537, 2048)
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="Ed25519"):
        SigningKey.read("rsa", pem)
