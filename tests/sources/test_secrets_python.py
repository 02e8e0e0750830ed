"""Python: the syntax says what a literal is bound to."""

from __future__ import annotations

import textwrap

import pytest

from aiaudit.sources.secrets import SecretFact, extract

RANDOM = "9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe"


def found(source: str) -> list[SecretFact]:
    """The facts of a module."""
    facts = extract(textwrap.dedent(source), "app/module.py")
    assert facts.problems == ()
    return list(facts.secrets)


@pytest.mark.parametrize(
    ("source", "name", "context"),
    [
        ('API_TOKEN = "{}"', "API_TOKEN", "assignment"),
        ('self.api_token = "{}"', "api_token", "assignment"),
        ('config["SECRET_KEY"] = "{}"', "SECRET_KEY", "assignment"),
        ('user, api_token = "bob", "{}"', "api_token", "assignment"),
        ('API_TOKEN: str = "{}"', "API_TOKEN", "assignment"),
        ('if (api_token := "{}"): pass', "api_token", "assignment"),
        ('os.environ["API_TOKEN"] = "{}"', "API_TOKEN", "environment"),
        ('os.putenv("API_TOKEN", "{}")', "API_TOKEN", "environment"),
        ('Client(api_token="{}")', "api_token", "argument"),
        ('Client(auth=("bob", "{}"))', "password", "argument"),
        ('HTTPBasicAuth("bob", "{}")', "password", "argument"),
        ('Elasticsearch(basic_auth=("bob", "{}"))', "password", "argument"),
        ('mail.login("bob", "{}")', "password", "argument"),
        ('URLSafeTimedSerializer("{}")', "secret_key", "argument"),
        ('jwt.encode(claims, "{}", algorithm="HS256")', "jwt_secret", "argument"),
        ('x = {{"api_token": "{}"}}', "api_token", "entry"),
        ('x = {{"headers": {{"Authorization": "Bearer {}"}}}}', "Authorization", "entry"),
        ('os.getenv("API_TOKEN", "{}")', "API_TOKEN", "default"),
        ('env.str("API_TOKEN", "{}")', "API_TOKEN", "default"),
        ('os.environ.get("API_TOKEN", default="{}")', "API_TOKEN", "default"),
        ('os.environ.setdefault("API_TOKEN", "{}")', "API_TOKEN", "default"),
        ('config("API_TOKEN", default="{}")', "API_TOKEN", "default"),
        ('get_variable("API_TOKEN", "{}")', "API_TOKEN", "default"),
        ('token = os.getenv("API_TOKEN") or "{}"', "token", "default"),
        ('token = sys.argv[1] if sys.argv else "{}"', "token", "default"),
        ('def f(a, api_token="{}"): pass', "api_token", "default"),
        ('async def f(*, api_token: str = "{}"): pass', "api_token", "default"),
        ('parser.add_argument("--api-token", default="{}")', "--api-token", "default"),
        ('requests.get("https://x.test/a?access_token={}")', "access_token", "query"),
        ('f"https://x.test/a?access_token={}&page={{number}}' + "&x=1" * 40 + '"', "access_token", "query"),
        ('connect("host=db user=bob password={}")', "password", "embedded"),
    ],
)
def test_bindings(source: str, name: str, context: str) -> None:
    """Every way to bind a literal, with the name that counts."""
    facts = found("import os, sys\n" + source.format(RANDOM) + "\n")

    assert [(fact.name, fact.context, fact.kind) for fact in facts] == [(name, context, "generic")]
    assert facts[0].extent.line == 2
    assert RANDOM not in repr(facts)


@pytest.mark.parametrize(
    "definition",
    [
        'class Settings(BaseSettings):\n    api_token: str = "{}"',
        'class Settings(BaseSettings):\n    api_token: SecretStr = SecretStr("{}")',
        'class Settings(BaseSettings):\n    api_token: str = Field("{}", description="x")',
        'class Settings(BaseSettings):\n    api_token: str = Field(\n        default="{}",\n    )',
        '@dataclass\nclass Options:\n    api_token: str = "{}"',
    ],
)
def test_defaults_of_fields(definition: str) -> None:
    """Settings classes and data classes: the literal is a default."""
    assert [(fact.name, fact.context) for fact in found(definition.format(RANDOM))] == [("api_token", "field")]


@pytest.mark.parametrize(
    "source",
    [
        '"""API_TOKEN = "{}" is how not to do it."""',
        '# API_TOKEN = "{}"',
        'if api_token == "{}": pass',
        'class Kind(str, Enum):\n    API_TOKEN = "{}"',
        'def f(api_token: "{}"): pass',
        'x = Field(alias="api_token", examples=["{}"])',
        'class M(BaseModel):\n    model_config = {{"json_schema_extra": {{"example": {{"api_token": "{}"}}}}}}',
        'names = ["{}"]',
        'digest = "{}"',
        'text = f"API_TOKEN={{token}} {}"',
        'API_TOKEN = os.environ["{}"]',
        'API_TOKEN = load("{}")',
        'x = {{token: "{}"}}',
    ],
)
def test_no_bindings(source: str) -> None:
    """Docstrings, comments, comparisons, enumerations, annotations, examples, other names."""
    assert found(source.format(RANDOM)) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('def f(x_key, api_key):\n    if api_key != "{}":\n        raise Denied', "api_key"),
        ('def f(r):\n    if r.headers.get("X-API-Key") != "{}":\n        abort(401)', "X-API-Key"),
        (
            'def f(r):\n    token = r.headers["authorization"]\n    if token != "Bearer {}":\n        return "no", 401',
            "token",
        ),
        ('def f():\n    if request.args["token"] == "{}":\n        return user\n    raise Denied', "token"),
        (
            'def f(a, password):\n    if a == "me" and password == "{}":\n        return {{"ticket": make()}}',
            "password",
        ),
        ('def f(password):\n    if password == "{}":\n        done()\n    else:\n        return False', "password"),
        ('def f(token):\n    return hmac.compare_digest(token.encode(), "{}".encode())', "token"),
        ('def f(token):\n    if not compare_digest("{}", token):\n        raise Denied', "token"),
        (
            'def f(app):\n    def g(api_key):\n        if api_key != "{}" and app.live:\n            return None',
            "api_key",
        ),
    ],
)
def test_comparisons_that_let_in(source: str, name: str) -> None:
    """What a request has to bring is a secret, however the check is written."""
    facts = found(source.format(RANDOM))

    assert [(fact.name, fact.context, fact.kind) for fact in facts] == [(name, "comparison", "generic")]


@pytest.mark.parametrize(
    "source",
    [
        'def f(api_key):\n    if not api_key or api_key == "{}":\n        raise Missing',
        'def f(api_key):\n    if api_key == "{}":\n        return None',
        'def f(api_key):\n    if api_key == "{}":\n        return Offline()',
        'def f(api_key):\n    if api_key == "{}":\n        log.warning("a known key")',
        'def f(api_key):\n    if api_key != "{}":\n        use(api_key)',
        'def f(self):\n    if self.api_key != "{}":\n        raise Missing',
        'if API_KEY != "{}":\n    raise Missing',
    ],
)
def test_comparisons_that_look_for_something(source: str) -> None:
    """Values that must not stay, one's own settings, and questions that nothing depends on."""
    assert found(source.format(RANDOM)) == []


def test_placeholders_that_are_compared() -> None:
    """One that is demanded is a password that everybody can read; one that is found means that there is none yet."""
    demanded = 'def f(x_token):\n    if x_token != "fake-super-secret-token":\n        raise Denied\n'
    looked_for = 'def f(x_token):\n    if x_token == "your-token-here":\n        return default\n'

    assert [(fact.kind, fact.context) for fact in found(demanded)] == [("placeholder", "comparison")]
    assert found(looked_for) == []


def test_trials_in_the_main_guard() -> None:
    """What a module does when it is run by hand may use made-up values, but no real ones."""
    source = f'''
        if __name__ == "__main__":
            options = {{"api_token": "your-token", "password": "hunter2", "client_secret": "{RANDOM}"}}
    '''
    assert [fact.name for fact in found(source)] == ["client_secret"]


def test_servers_that_ask_for_no_key() -> None:
    """With an end point of one's own beside it, a made-up key is no placeholder."""
    assert found('OpenAI(api_key="dummy", base_url="http://vllm:8000/v1")\n') == []
    assert [fact.kind for fact in found('OpenAI(api_key="dummy")\n')] == ["placeholder"]


def test_urls() -> None:
    """A literal password counts, a variable or an explanation does not."""
    assert [fact.in_url for fact in found('db = "postgresql://bob:h7Kq2mXw9Rt4@db/x"\n')] == [True]
    assert [fact.in_url for fact in found('DATABASE_URL = f"postgresql://bob:h7Kq2mXw9Rt4@{host}/x"\n')] == [True]
    assert found('db = f"postgresql://{user}:{password}@{host}/x"\n') == []
    assert found('raise ValueError("set it to a URL such as postgresql://user:pass@host/db please")\n') == []
    assert found('x = "git+https://github.com/a/b@c0ffee"\n') == []


def test_places_count_characters() -> None:
    """Columns are those of characters, also behind umlauts."""
    (fact,) = found('x = {"größe": 1, "api_token": "' + RANDOM + '"}\n')
    assert (fact.extent.column, fact.extent.end_column) == (31, 65)


def test_newer_grammar_is_read_by_lines() -> None:
    """A module that this Python cannot parse is not given up."""
    assert [fact.name for fact in found(f'def broken(:\n    API_TOKEN = "{RANDOM}"\n')] == ["API_TOKEN"]


def test_statements_of_every_kind_are_entered() -> None:
    """Loops, with, try, match, decorators, lambdas."""
    source = f'''
        @register(api_token="{RANDOM}")
        def f():
            for x in y:
                with z:
                    try:
                        a.api_token = "{RANDOM}"
                    except E:
                        b(api_token="{RANDOM}")
                    finally:
                        c = lambda api_token="{RANDOM}": 1
            match q:
                case 1:
                    d["api_token"] = "{RANDOM}"
    '''
    assert [fact.extent.line for fact in found(source)] == [2, 7, 9, 11, 14]
