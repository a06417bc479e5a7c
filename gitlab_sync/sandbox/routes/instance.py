"""The instance itself, the caller, and the caller's token."""

from __future__ import annotations

from gitlab_sync.sandbox.answer import Answer, json_answer, message
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.users import own_user

VERSION = "18.4.1"
REVISION = "8c9e4f5a1b2"


def version(call: Call) -> Answer:
    """GET /version."""
    call.signed_in()
    return json_answer({"version": call.version, "revision": REVISION})


def metadata(call: Call) -> Answer:
    """GET /metadata."""
    call.signed_in()
    return json_answer(
        {
            "version": call.version,
            "revision": REVISION,
            "kas": {"enabled": False, "externalUrl": None, "version": None},
            "enterprise": False,
        }
    )


def user(call: Call) -> Answer:
    """GET /user: the caller."""
    return json_answer(own_user(call.signed_in(), admin=call.viewer.admin))


def own_token(call: Call) -> Answer:
    """GET /personal_access_tokens/self."""
    token = call.viewer.token
    if token is None or token.kind == "oauth":
        raise message(401, "401 Unauthorized")
    return json_answer(
        {
            "id": 1 + token.user_id,
            "name": token.name,
            "revoked": False,
            "created_at": "2024-01-01T00:00:00.000Z",
            "description": None,
            "scopes": list(token.scopes),
            "user_id": token.user_id,
            "last_used_at": None,
            "active": True,
            "expires_at": token.expires,
        }
    )


ROUTES: dict[str, Route] = {
    "/version": version,
    "/metadata": metadata,
    "/user": user,
    "/personal_access_tokens/self": own_token,
}
