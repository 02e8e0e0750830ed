"""Names that speak of who is asking: of functions, classes, parameters, headers."""

from __future__ import annotations

from functools import lru_cache

from aiaudit.model.flow.words import words
from aiaudit.patterns import regex

_WORD = regex(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
# Words that mean it wherever they stand.
_PLAIN = words(
    "auth authn authz authenticate authenticated authentication authenticator authorize authorized authorization "
    "authorizer oauth oauth2 jwt bearer login permission permissions credential credentials apikey identity principal "
    "sso saml oidc clerk cognito keycloak acl rbac hmac signature guard logged authed"
)
# Words that mean it beside one of the others: `verify_token`, `current_user`, `require_api_key`, `get_tenant`.
_CHECKING = words(
    "verify validate check require required requires ensure current authenticated valid only access get is has control"
)
# Of these the ones that only fetch something, or ask for it.
_FETCHING = words("get is has access only control")
_CHECKED = words(
    "token key user tenant account admin session role secret password member owner access license signature"
)
# What a call in a handler may be named by alone.
_ALONE = words("authenticate authorize authenticated authorized oauth jwt login")
# The steps with which a stranger signs in, and with which a token is made for him: nothing is asked of who calls.
SIGNING_IN = words(
    "login authorization_url create_authorization_url get_authorization_url get_authorize_url get_login_url "
    "get_authorization_request_url initiate_auth_code_flow authorize_redirect get_login_redirect login_redirect "
    "fetch_token fetch_access_token get_access_token authorize_access_token verify_and_process exchange_code "
    "acquire_token_by_authorization_code acquire_token_by_auth_code_flow acquire_token_for_client "
    "from_client_config from_client_secrets_file encode create_access_token create_refresh_token to_json"
)
# What a dependency that gives one of these has found out.
_GIVEN = words("token user tenant account admin member key secret role workspace organization subscription client_id")
# `get_user_service` gives a part of the program, not a user.
_PARTS_OF_PROGRAM = words(
    "service services repository repo repositories manager store dao crud db database session client settings config "
    "factory handler cache counter provider controller usecase"
)
# Headers that carry who is asking: keys, tokens, signatures of webhooks, and what a proxy that has checked adds.
HEADERS = words(
    "authorization x-api-key api-key apikey x-api-token x-auth-token x-access-token x-token x-auth x-secret "
    "x-admin-key x-admin-token x-user-id x-user-email x-forwarded-user x-forwarded-email x-auth-request-user "
    "remote-user x-authenticated-user x-goog-authenticated-user-email x-goog-iap-jwt-assertion x-amzn-oidc-data "
    "cf-access-jwt-assertion x-ms-client-principal x-hub-signature x-hub-signature-256 x-slack-signature "
    "x-twilio-signature x-signature x-telegram-bot-api-secret-token x-webhook-secret x-internal-key x-internal-token "
    "x-service-token x-client-secret x-api-secret cookie"
)
PARAMETERS = words(
    "token api_key apikey access_token auth_token key secret password authorization session_token jwt id_token "
    "x_api_key x_token user_token bearer"
)


def parts_of(name: str) -> list[str]:
    """The words of a name in any spelling, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=10_000)
def speaks_of_access(name: str) -> bool:
    """Whether a function, class or decorator of this name checks who is asking."""
    found = set(parts_of(name))
    if found & _PLAIN or {"api", "key"} <= found:
        return True
    if not found & _CHECKED:
        return False
    return bool(found & (_CHECKING - _FETCHING)) or (bool(found & _CHECKING) and not found & _PARTS_OF_PROGRAM)


@lru_cache(maxsize=10_000)
def checks_access(name: str) -> bool:
    """The same for a function that is called somewhere in a handler: to get a provider's key is no check."""
    found = set(parts_of(name))
    if found & _ALONE:
        return True
    return bool(found & (_CHECKING - _FETCHING)) and bool(found & (_CHECKED | _PLAIN | {"api"}))


def gives_identity(name: str) -> bool:
    """Whether a dependency of this name tells who is asking."""
    found = set(parts_of(name))
    return speaks_of_access(name) or (bool(found & _GIVEN) and not found & _PARTS_OF_PROGRAM)


def is_own_key(name: str) -> bool:
    """Whether a field of the request is the caller's own key: who brings it pays for the answer."""
    found = parts_of(name)
    return {"api", "key"} <= set(found) or name.lower() in PARAMETERS
