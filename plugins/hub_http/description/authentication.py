"""How requests prove who makes them. Mutual TLS is the configuration's, beside any of these."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from hub_http.description.values import Block, Duration, Name, Scalar, Template


class ApiKey(Block):
    """A key in a header or in the query."""

    kind: Literal["api_key"]
    header: str | None = Field(None, description="the header that it goes in")
    query: str | None = Field(None, description="or the query parameter; it never gets into a log")
    secret: Name = Field(description="the secret's name")
    prefix: str = Field("", description='what stands before it, such as "Bearer "')


class Basic(Block):
    """User and password (RFC 7617)."""

    kind: Literal["basic"]
    user: Template = Field(description="the user")
    password: Name = Field(description="the secret's name")


class Jwt(Block):
    """A JWT signed by the hub's key (RFC 7519)."""

    key: Name = Field(description="the secret's name: a private key in PEM")
    algorithm: Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"] = Field(
        "RS256", description="the signature's algorithm (RFC 7518, RFC 8037)"
    )
    key_id: Template | None = Field(None, description="the header kid")
    claims: dict[str, Any] = Field(description="its claims; texts are templates; iat, exp and jti are added")
    lifetime: Duration = Field(timedelta(minutes=5), description="how long it is valid")


class Assertion(Jwt):
    """A JWT as the bearer token itself."""

    kind: Literal["jwt"]


class OAuth2(Block):
    """OAuth 2.0 client credentials (RFC 6749, 4.4)."""

    kind: Literal["oauth2"]
    token_url: Template = Field(description="the token endpoint; its host counts as named")
    client_id: Template | None = Field(None, description="the client")
    client_secret: Name | None = Field(None, description="the secret's name")
    client_auth: Literal["body", "basic", "private_key_jwt"] = Field(
        "basic", description="how the client proves itself (RFC 6749, 2.3.1; RFC 7523, 2.2)"
    )
    assertion: Jwt | None = Field(None, description="for private_key_jwt: its JWT")
    scope: Template | None = Field(None, description="the scope")
    extra: dict[str, Template] = Field(
        default_factory=dict, description="further parameters, such as audience"
    )
    lifetime: Duration | None = Field(
        None, description="how long a token is used when the answer has no expires_in"
    )
    margin: Duration = Field(timedelta(seconds=30), description="how long before its end a token is renewed")


class HmacRequest(Block):
    """A digest of each request under a shared key.

    Templates see `nonce`, `timestamp`, `count`, `secrets`, and the `request`: `method`, `path`, `query`,
    `host`, `headers`, `body_sha256` (hexadecimal; the body is read twice for it).
    """

    kind: Literal["hmac"]
    key: Name = Field(description="the secret's name")
    message: Template = Field(description="what is digested")
    headers: dict[str, Template] = Field(description="the headers that carry it, with `signature`")
    algorithm: Literal["sha256", "sha512"] = Field("sha256", description="the hash")
    encoding: Literal["hex", "base64"] = Field("hex", description="how the digest is written")
    nonce: Literal["uuid4", "hex"] = Field("uuid4", description="what the nonce looks like")
    timestamp: str = Field("unix", description='"unix", "unix_ms", "iso", or a form of strftime in UTC')
    count: Scalar = Field(0, description="the count; what MESH wants of a nonce that is used once")


Authentication = Annotated[ApiKey | Basic | Assertion | OAuth2 | HmacRequest, Field(discriminator="kind")]
