"""A small OpenID provider on a port of this machine: discovery, authorization, token, keys, user information."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "medialib", "provider-secret"


class Provider:
    """Signs in whoever `claims` says, without asking."""

    def __init__(self, **claims: Any) -> None:
        self.claims = {"sub": "person-1", "email": "kim@example.com", "email_verified": True} | claims
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.grants: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def discovery(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        paths["userinfo_endpoint"] = "userinfo"
        return {"issuer": self.url} | {name: f"{self.url}/{path}" for name, path in paths.items()}

    def keys(self) -> dict[str, Any]:
        shown = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [shown | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code that is good once."""
        code = secrets.token_urlsafe(8)
        self.grants[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        granted = self.grants.pop(form["code"])
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(challenge).decode().rstrip("=") == granted["code_challenge"]
        told = {"iss": self.url, "aud": CLIENT, "iat": time.time(), "exp": time.time() + 60} | self.claims
        if "nonce" in granted:
            told["nonce"] = granted["nonce"]
        id_token = jwt.encode(told, self.key, algorithm="RS256", headers={"kid": "one"})
        return {"access_token": "token", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.end_headers()
            return
        answers = {"/.well-known/openid-configuration": self.provider.discovery, "/keys": self.provider.keys}
        self._answer(answers.get(parts.path, lambda: self.provider.claims)())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(self.provider.token({name: values[0] for name, values in parse_qs(body).items()}))

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""
