"""A GitLab that people can sign in with: an OpenID provider in front of a sandbox, at one address.

It checks what a provider has to check (client, redirect URI, PKCE, a code's single use), and goes
wrong on request. What GitLab does differently from others, it does likewise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gitlab_sync.sandbox import Sandbox, Token

CLIENT_ID = "the-id-of-the-app"
CLIENT_SECRET = "gloas-the-secret-of-the-app"
ID_TOKEN_LIFE = 120
ACCESS_TOKEN_LIFE = 7200
SCOPES = ("openid", "profile", "email", "read_api", "api")
SECRETS = """\
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{cookie_secret}"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{url}/.well-known/openid-configuration"
expose_tokens = ["access"]
client_kwargs = {{ scope = "openid profile read_api", prompt = "{prompt}" }}
"""


@dataclass(frozen=True)
class Grant:
    """What a person agreed to, until the code for it is used."""

    username: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str


class Refused(Exception):
    """A request that a provider must not follow, with OAuth's name for the reason."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class Provider:
    """The provider. A context manager; thread-safe.

    Its host is `localhost` where the app's is `127.0.0.1`: two sites, as they are in earnest.
    `redirect_uris` are those that are registered. `wrong` makes the next answers carry a state, a
    nonce or a signature that is not the right one. `groups` are those that each person is a member
    of. `secrets_given` holds what only the app's server may see: codes and tokens.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.redirect_uris: set[str] = set()
        self.wrong: Literal["state", "nonce", "signature"] | None = None
        self.groups: list[str] = []
        self.secrets_given: list[str] = []
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()
        self._key = _new_key()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def secrets_toml(self, prompt: str = "") -> str:
        """Return what the app's operator writes into the secrets."""
        return SECRETS.format(
            cookie_secret=secrets.token_urlsafe(32),
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            url=self.url,
            prompt=prompt,
        )

    # --- the protocol --------------------------------------------------------------------------

    def metadata(self) -> dict[str, Any]:
        """Return what is to be discovered; as in GitLab there is no way to end its session."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/oauth/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "userinfo_endpoint": f"{self.url}/oauth/userinfo",
            "jwks_uri": f"{self.url}/oauth/discovery/keys",
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the public keys."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def check_client(self, query: Mapping[str, str]) -> None:
        """Raise `Refused` where the browser may not even be sent back."""
        if query.get("client_id") != CLIENT_ID:
            raise Refused("invalid_client", 401)
        if query.get("redirect_uri") not in self.redirect_uris:
            raise Refused("invalid_redirect_uri")

    def check_question(self, query: Mapping[str, str]) -> None:
        """Raise `Refused` for a request that the app must not send like this."""
        if query.get("response_type") != "code":
            raise Refused("unsupported_response_type")
        asked = query.get("scope", "").split()
        if "openid" not in asked or not set(asked) <= set(SCOPES):
            raise Refused("invalid_scope")
        if "select_account" in query.get("prompt", ""):
            raise Refused("invalid_configuration")  # GitLab knows it and does not have it
        if not all(query.get(name) for name in ("state", "nonce", "code_challenge")):
            raise Refused("invalid_request")
        if query.get("code_challenge_method") != "S256":
            raise Refused("invalid_request")

    def decided(self, query: Mapping[str, str], username: str | None) -> dict[str, str]:
        """Return what the browser takes back: a code for that person, or None's refusal."""
        state = "of-somebody-else" if self.wrong == "state" else query["state"]
        if username is None:
            return {"error": "access_denied", "state": state}
        code = secrets.token_hex(32)
        with self._lock:
            self.secrets_given.append(code)
            self._grants[code] = Grant(
                username,
                query["redirect_uri"],
                query["scope"],
                query["nonce"],
                query["code_challenge"],
            )
        return {"code": code, "state": state}

    def tokens_for(self, form: Mapping[str, str], client: tuple[str, str]) -> dict[str, Any]:
        """Exchange a code; raises `Refused` for a wrong client, code, redirect URI or verifier."""
        if not _same(client, (CLIENT_ID, CLIENT_SECRET)):
            raise Refused("invalid_client", 401)
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        with self._lock:
            grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or form.get("redirect_uri") != grant.redirect_uri:
            raise Refused("invalid_grant")
        if _challenge(form.get("code_verifier", "")) != grant.challenge:
            raise Refused("invalid_grant")
        access = secrets.token_hex(32)
        user = self.sandbox.world.users_by_name[grant.username.lower()].data
        self.sandbox.tokens.add(
            Token(token_name(grant.username), access, user["id"], ("read_api",), "oauth")
        )
        id_token = self._id_token(user, grant, access)
        with self._lock:
            self.secrets_given += [access, id_token]
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LIFE,
            "scope": grant.scope,
            "created_at": int(time.time()),
            "id_token": id_token,
        }

    def _id_token(self, user: Mapping[str, Any], grant: Grant, access: str) -> str:
        now = int(time.time())
        key = _new_key() if self.wrong == "signature" else self._key
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "exp": now + ID_TOKEN_LIFE,
            "iat": now,
            "nonce": "of-another-question" if self.wrong == "nonce" else grant.nonce,
            "at_hash": _base64(half),
            "groups_direct": self.groups,
            **claims_of(user),
        }
        return str(jwt.encode({"alg": "RS256", "kid": "one"}, claims, key))

    def userinfo(self, authorization: str) -> dict[str, Any]:
        """Return who an access token belongs to; raises `Refused` for an unknown one."""
        given = authorization.removeprefix("Bearer ")
        for row in self.sandbox.world.users:
            name = token_name(row.data["username"])
            try:
                known = self.sandbox.tokens.named(name).value
            except KeyError:
                continue
            if hmac.compare_digest(known, given):
                return claims_of(row.data)
        raise Refused("invalid_token", 401)


def token_name(username: str) -> str:
    """Return what the sandbox calls the access token of that person; a new one takes its place."""
    return f"{username}:oauth"


def claims_of(user: Mapping[str, Any]) -> dict[str, Any]:
    """Return GitLab's claims about a person; the subject is the user's id."""
    return {
        "sub": str(user["id"]),
        "name": user["name"],
        "nickname": user["username"],
        "preferred_username": user["username"],
    }


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return hmac.compare_digest("\0".join(one).encode(), "\0".join(other).encode())


def _challenge(verifier: str) -> str:
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# -- over HTTP -------------------------------------------------------------------------------------

_PAGE = """<!doctype html><title>GitLab</title><h1>Authorize the app?</h1>
<form method="post"><label>Username <input name="username"></label>
<input type="hidden" name="question" value="{question}">
<button name="answer" value="yes">Authorize</button><button name="answer" value="no">Deny</button>
</form>"""
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    """Return the handler of a provider's requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(self._get)

        def do_POST(self) -> None:
            self._answer(self._post)

        def _answer(self, act: Any) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            try:
                if parts.path.startswith("/api/"):
                    self._pass_on(body)
                else:
                    act(parts.path, dict(parse_qsl(parts.query)), dict(parse_qsl(body.decode())))
            except Refused as refused:
                self._send_json({"error": refused.error}, refused.status)

        def _get(self, path: str, query: dict[str, str], _: dict[str, str]) -> None:
            match path:
                case "/.well-known/openid-configuration":
                    self._send_json(provider.metadata())
                case "/oauth/discovery/keys":
                    self._send_json(provider.keys())
                case "/oauth/userinfo":
                    self._send_json(provider.userinfo(self.headers.get("Authorization", "")))
                case "/oauth/authorize":
                    self._ask(query)
                case _:
                    raise Refused("not_found", 404)

        def _ask(self, query: dict[str, str]) -> None:
            provider.check_client(query)
            try:
                provider.check_question(query)
            except Refused as refused:
                back = {"error": refused.error, "state": query.get("state", "")}
                self._redirect(f"{query['redirect_uri']}?{urlencode(back)}")
            else:
                page = _PAGE.format(question=escape(json.dumps(query)))
                self._send(200, page.encode(), "text/html; charset=utf-8")

        def _post(self, path: str, _: dict[str, str], form: dict[str, str]) -> None:
            if path == "/oauth/token":
                self._send_json(provider.tokens_for(form, self._client(form)))
            elif path == "/oauth/authorize":
                query = json.loads(form["question"])
                provider.check_client(query)
                agreed = form.get("answer") == "yes"
                back = provider.decided(query, form["username"] if agreed else None)
                self._redirect(f"{query['redirect_uri']}?{urlencode(back)}")
            else:
                raise Refused("not_found", 404)

        def _client(self, form: dict[str, str]) -> tuple[str, str]:
            kind, _, value = self.headers.get("Authorization", "").partition(" ")
            if kind == "Basic":
                name, _, secret = base64.b64decode(value).decode().partition(":")
                return name, secret
            return form.get("client_id", ""), form.get("client_secret", "")

        def _pass_on(self, body: bytes) -> None:
            """Let the sandbox answer: API and provider are one GitLab."""
            where = urlsplit(provider.sandbox.url)
            connection = http.client.HTTPConnection(where.hostname or "", where.port)
            try:
                connection.putrequest(self.command, self.path, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        connection.putheader(name, value)
                if body:
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body or None)
                answer = connection.getresponse()
                headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
                self._send(answer.status, answer.read(), None, headers)
            finally:
                connection.close()

        def _redirect(self, where: str) -> None:
            self._send(302, b"", "text/plain", [("Location", where)])

        def _send_json(self, data: dict[str, Any], status: int = 200) -> None:
            self._send(status, json.dumps(data).encode(), "application/json")

        def _send(
            self,
            status: int,
            body: bytes,
            kind: str | None,
            headers: Sequence[tuple[str, str]] = (),
        ) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if kind is not None:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests look at what happened."""

    return Handler
