"""Reading annotations, models, serializers and forms: which part of a request is text, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.checks import Checks
from aiaudit.model.flow.declared import declares_fields, is_declared_field
from aiaudit.model.flow.generics import Generics
from aiaudit.model.flow.places import FILE, Path, element_of, is_one
from aiaudit.model.flow.sizes import EACH, is_bounded_pattern
from aiaudit.model.flow.transfer import SAME_TEXT
from aiaudit.model.flow.verdicts import BOUNDED, NONE, TEXT, UPLOAD, Container, Verdict, worst
from aiaudit.model.flow.words import is_label_name, words
from aiaudit.model.scopes import Binding, Class, Function, Scope, children, last_name, original_name
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Instance, Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import replace

LISTS = words("list sequence set frozenset tuple iterable iterator collection deque mutablesequence conlist conset")
MAPPINGS = frozenset(("dict", "mapping", "mutablemapping", "defaultdict", "ordereddict"))
ALTERNATIVES = words("Optional Union Required NotRequired Final ClassVar Body Json JSONBody Mapped")
FREE = frozenset(("str", "Any", "object", "bytes", "AnyStr", "Text", "SecretStr", "JsonValue", "Json", "StrictStr"))
NO_TEXT = words(
    "int float bool complex UUID UUID1 UUID3 UUID4 UUID5 datetime date time timedelta Decimal NoneType "
    "PositiveInt NegativeInt NonNegativeInt StrictInt StrictFloat StrictBool PositiveFloat NonNegativeFloat "
    "conint confloat condecimal FilePath DirectoryPath IPvAnyAddress PaymentCardNumber Color ObjectId "
    "PydanticObjectId BackgroundTasks Response Session AsyncSession SecurityScopes"
)
SHORT = words("HttpUrl AnyUrl AnyHttpUrl EmailStr NameEmail PostgresDsn RedisDsn Literal LiteralString")
_SEQUENCES = ("collections.deque()", "builtins.list()")
# What an upload says of itself besides its size.
DESCRIBING = frozenset(("filename", "content_type", "mimetype", "headers", "name"))
UPLOADS = frozenset(("UploadFile", "FileStorage", "UploadedFile", "InMemoryUploadedFile", "TemporaryUploadedFile"))
# Keyword arguments that bound a text; `max` and `max_len` are marshmallow's and wtforms'.
LIMITS = ("max_length", "max_len", "max_items", "max")
_LIST_NAMES = ("messages", "history", "chat_history", "conversation", "documents", "docs")
# Field objects of serializers, forms, schemas and tables.
_TEXT_FIELDS = words("CharField TextField Str String StringField TextAreaField Column mapped_column")
_SHORT_FIELDS = words(
    "SlugField EmailField URLField ChoiceField UUIDField RegexField SelectField Email Url UUID MultipleChoiceField Enum"
)
_NO_TEXT_COLUMNS = words(
    "Integer Float Boolean DateTime UUID ForeignKey BigInteger SmallInteger Enum Vector Date Numeric"
)
# So many classes and aliases are looked through.
_DEPTH = 5


class Schema:
    """Answers what annotations say; everything it needs of a program comes through the evaluator."""

    def __init__(self, evaluator: Evaluator, checks: Checks) -> None:
        self.evaluator = evaluator
        self.checks = checks
        self.generics = Generics(evaluator)
        self._models: dict[tuple[int, Path, int], Verdict] = {}

    # Annotations

    def annotated(self, annotation: Expression | None, scope: Scope, path: Path, depth: int = 0) -> Verdict:
        """What an annotation says of the part `path` of its value."""
        if annotation is None or depth > _DEPTH:
            return NONE
        tag, wanted = annotation[0], path[-1] if path else ""
        if tag == "const":
            return NONE
        if tag == "bin":
            return worst([self.annotated(side, scope, path, depth) for side in annotation[3:5]], wanted)
        if tag == "sub":
            return self._generic(annotation, scope, path, depth)
        if tag == "call":
            return self._constrained(annotation, scope, path, depth)
        return self._named(annotation, scope, path, depth)

    def _generic(self, annotation: Expression, scope: Scope, path: Path, depth: int) -> Verdict:
        name, inner = last_name(annotation[2]), annotation[3]
        arguments = inner[2] if inner[0] == "tuple" else (inner,)
        if name == "Annotated":
            found = self.annotated(arguments[0], scope, path, depth)
            return self.limited(found, arguments[1:], scope)
        if name in ALTERNATIVES:
            wanted = path[-1] if path else ""
            return worst([self.annotated(argument, scope, path, depth) for argument in arguments], wanted)
        if name in SHORT:
            return BOUNDED
        if name.lower() in LISTS:
            below = element_of(path)
            if below is None:
                return NONE
            found = worst([self.annotated(a, scope, below, depth) for a in arguments])
            whole = not _is_single(path)
            return replace(found, is_list=True, opened=whole, many=found.kind == "bounded" and whole)
        if name.lower() in MAPPINGS:
            return self.annotated(arguments[-1], scope, path[1:], depth)
        if name == "RootModel":
            below = path[1:] if path[:1] == ("root",) else path
            return self.annotated(inner, scope, below, depth + 1)
        if name in ("Generator", "AsyncGenerator", "AsyncIterator", "Callable", "Type", "type", "Coroutine"):
            return NONE
        filled = self.generics.field(annotation, str(path[0]), scope) if path else None
        if filled is not None:
            return self.annotated(filled, scope, path[1:], depth + 1)
        return self._named(annotation[2], scope, path, depth)

    def _constrained(self, annotation: Expression, scope: Scope, path: Path, depth: int) -> Verdict:
        """`constr(max_length=80)`, `conlist(str, max_length=3)`, `StringConstraints(...)`."""
        name = original_name(annotation[2], scope.module)
        if name == "constr":
            return BOUNDED if self._is_limit(annotation, scope) else TEXT
        if name in ("conlist", "conset") and annotation[3]:
            below = element_of(path)
            found = NONE if below is None else self.annotated(annotation[3][0], scope, below, depth)
            return replace(found, is_list=True)
        if name == "Optional" and annotation[3]:
            return self.annotated(annotation[3][0], scope, path, depth)
        return NONE

    def _named(self, annotation: Expression, scope: Scope, path: Path, depth: int) -> Verdict:
        name = original_name(annotation, scope.module)
        values = self.evaluator.evaluate(annotation, scope)
        for value in values:
            if isinstance(value, ClassValue):
                return self.model(value.cls, path, depth + 1)
        for expression, holder in self.evaluator.definitions(annotation, scope):
            if expression[0] in ("sub", "bin", "call", "name", "attr") and expression is not annotation:
                return self._alias(expression, holder, path, depth)
        if name in UPLOADS:
            return NONE if path and (path[0] in DESCRIBING or path[0] == "size") else UPLOAD
        if FILE in path:
            return NONE
        if name in FREE or name.lower() in LISTS | MAPPINGS:
            is_list = name.lower() in LISTS
            return replace(TEXT, is_list=is_list, opened=is_list and not _is_single(path))
        if name in SHORT:
            return BOUNDED
        if name in NO_TEXT:
            return NONE
        return TEXT if any(isinstance(v, External) and _is_payload(v.path) for v in values) else NONE

    def _alias(self, expression: Expression, scope: Scope, path: Path, depth: int) -> Verdict:
        named = expression[0] == "call" and last_name(expression[2]) in ("NewType", "TypeAliasType")
        if named and len(expression[3]) > 1:
            return self.annotated(expression[3][1], scope, path, depth + 1)
        return self.annotated(expression, scope, path, depth + 1)

    # Constraints

    def limited(self, verdict: Verdict, extras: tuple[Expression, ...] | list[Expression], scope: Scope) -> Verdict:
        """A verdict after what `Annotated` or a default such as `Field(...)` adds."""
        said = [found for extra in extras for found in self._said(extra, scope)]
        if verdict.kind == "none" and any(last_name(extra[2]) == "File" for extra, _ in said):
            return UPLOAD
        for extra, holder in said:
            if last_name(extra[2]) == "File" and verdict.kind == "text":
                return replace(verdict, kind="upload")
            if self._bounds(extra, holder):
                if verdict.is_list and verdict.kind == "text":
                    verdict = replace(verdict, opened=False)  # so many items, each of any size
                    continue
                return replace(verdict, kind="bounded", many=False) if verdict.kind in ("text", "bounded") else verdict
        return verdict

    def _said(self, extra: Expression, scope: Scope) -> Iterator[tuple[Expression, Scope]]:
        """The calls that constrain a value, written out or kept under a name: `Annotated[str, SHORT_TEXT]`."""
        written = [(extra, scope)] if extra[0] == "call" else self.evaluator.definitions(extra, scope)
        for found, holder in written:
            if found[0] == "call":
                yield found, holder
                for value in self.evaluator.evaluate(found[2], holder):  # `question: str = short_text("...")`
                    if isinstance(value, FunctionValue):
                        yield from ((made, value.function) for made, _ in value.function.returns if made[0] == "call")

    def _bounds(self, extra: Expression, scope: Scope) -> bool:
        name = last_name(extra[2])
        if name in ("mapped_column", "Column"):
            return self._text_field(extra, scope).kind == "bounded"
        if name in ("AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator") and extra[3]:
            return any(
                isinstance(value, FunctionValue) and self.refuses_long(value.function)
                for value in self.evaluator.evaluate(extra[3][0], scope)
            )
        if name in ("MaxLen", "Len", "max_length", "MaxLength", "MaxLengthValidator", "Length"):
            return len(extra[3]) > (1 if name in ("Len", "Length") else 0) or self._is_limit(extra, scope)
        return self._is_limit(extra, scope)

    def _is_limit(self, call: Expression, scope: Scope) -> bool:
        for name, value in self._options(call, scope):
            if name in LIMITS:
                return not (value[0] == "const" and value[2] is None)
            if name in ("pattern", "regex"):
                return any(
                    isinstance(found, Constant) and is_bounded_pattern(found.value)
                    for found in self.evaluator.evaluate(value, scope)
                )
            if name in ("validators", "validate") and any(
                part[0] == "call" and self._bounds(part, scope) for part in (value, *children(value))
            ):
                return True
        return False

    def _options(self, call: Expression, scope: Scope) -> Iterator[tuple[str, Expression]]:
        """The keyword arguments of a call, those among them that come out of a dictionary: `Field(**LIMITS)`."""
        for name, value in call[4]:
            if name is not None:
                yield name, value
                continue
            for made, _ in self.evaluator.definitions(value, scope):
                if made[0] == "call" and last_name(made[2]) == "dict":
                    yield from ((key, item) for key, item in made[4] if key is not None)
            for given in self.evaluator.evaluate(value, scope):
                if isinstance(given, Literal) and given.expression[0] == "dict":
                    yield from (
                        (key[2], item) for key, item in given.expression[2] if key is not None and key[0] == "const"
                    )

    def refuses_long(self, function: Function) -> bool:
        """Whether a function refuses or cuts a value that is too long."""
        if self.checks.checking(function):
            return True
        names = {parameter[0] for parameter in function.parameters}
        return any(
            value[0] == "sub" and value[3][0] == "slice" and value[3][3 if value[3][2] is None else 2] is not None
            for value, _ in function.returns
            if value[0] == "sub" and _root_name(value) in names
        )

    # Classes

    def model(self, cls: Class, path: Path, depth: int = 0) -> Verdict:
        """What a class of the program says of the part `path` of its instances."""
        key = (id(cls), path, depth)
        if key not in self._models:
            self._models[key] = self._model(cls, path, depth)
        return self._models[key]

    def _model(self, cls: Class, path: Path, depth: int) -> Verdict:
        classes, outside = self.evaluator.lineage(cls)
        if any(path_.rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum", "Flag") for path_ in outside):
            return BOUNDED
        if depth > _DEPTH or not declares_fields(classes, outside):
            return NONE
        if not path:
            names = {name: None for candidate in classes for name in self._field_names(candidate)}
            names |= {"root": None} if not names and self._root_type(classes) is not None else {}
            spoken = [name for name in names if not is_label_name(name)]
            return worst([self.field(cls, name, (), depth) for name in spoken or names])
        if not isinstance(path[0], str):
            root = self._root_field(classes)
            return self.field(cls, root, path, depth) if root else NONE
        return self.field(cls, path[0], path[1:], depth)

    def is_model(self, cls: Class) -> bool:
        """Whether a class declares fields: a pydantic model, dataclass, typed dictionary, serializer or form."""
        return declares_fields(*self.evaluator.lineage(cls))

    def _field_names(self, cls: Class) -> Iterator[str]:
        for name, bindings in cls.bindings.items():
            first = bindings[0]
            if name.startswith("_") or name == "model_config" or first.kind not in ("annotated", "value"):
                continue
            if first.annotation is not None or is_declared_field(first.expression):
                yield name

    def _root_field(self, classes: list[Class]) -> str | None:
        for name in ("root", "__root__"):
            if any(name in candidate.bindings for candidate in classes):
                return name
        return "root" if self._root_type(classes) is not None else None

    def _root_type(self, classes: list[Class]) -> tuple[Expression, Class] | None:
        """What `class Texts(RootModel[list[str]])` holds, with the class that says so."""
        for candidate in classes:
            for base in candidate.bases:
                if base[0] == "sub" and last_name(base[2]) == "RootModel":
                    return base[3], candidate
        return None

    def field(self, cls: Class, name: str, path: Path, depth: int = 0) -> Verdict:
        """What a model's field says of the part `path` of its value."""
        for candidate in self.evaluator.lineage(cls)[0]:
            bindings = candidate.bindings.get(name)
            if not bindings or bindings[0].kind not in ("annotated", "value"):
                continue
            found = self._declared(candidate, bindings[0], path, depth)
            together = found.is_list and not path
            single = not found.is_list and not path
            if found.kind in ("text", "bounded") and self._is_validated(cls, name, together, single):
                found = replace(found, kind="bounded")
                if together:
                    found = replace(found, opened=False, many=False)
            if found.kind == "text" and not found.is_list and self._all_limited(cls):
                found = replace(found, kind="bounded")
            place = Span.at(candidate.module.path, bindings[0].statement[1]) if bindings[0].statement else None
            if found.opened:
                found = replace(found, opened=False, container=Container(name, candidate.name, place))
            way = (name, *found.way)
            if found.owner:
                return replace(found, way=way)
            return replace(found, field=name, owner=candidate.name, declared=place, way=way)
        rooted = self._root_type(self.evaluator.lineage(cls)[0]) if name == "root" else None
        if rooted is not None:
            found = self.annotated(rooted[0], rooted[1].parent or rooted[1].module, path, depth)
            return replace(found, field=name, owner=cls.name, declared=cls.span)
        table = self._table_of(cls)
        return self.field(table, name, path, depth + 1) if table is not None and depth <= _DEPTH else NONE

    def _table_of(self, cls: Class) -> Class | None:
        """The table from which a serializer or form takes the fields that it does not declare: `Meta.model`."""
        for candidate in self.evaluator.lineage(cls)[0]:
            for inner in candidate.classes:
                for binding in inner.bindings.get("model", ()) if inner.name == "Meta" else ():
                    for value in self.evaluator.evaluate(binding.expression, inner):
                        if isinstance(value, ClassValue):
                            return value.cls
        return None

    def _declared(self, cls: Class, binding: Binding, path: Path, depth: int) -> Verdict:
        default = binding.expression
        if binding.annotation is not None:
            found = self.annotated(binding.annotation, cls, path, depth)
            return self.limited(found, [default], cls) if default is not None else found
        if default is not None and default[0] == "call":
            return self._field_object(default, cls, path, depth)
        return NONE

    def _field_object(self, call: Expression, cls: Scope, path: Path, depth: int) -> Verdict:
        """Fields of serializers, forms and schemas, which are objects instead of annotations."""
        name = last_name(call[2])
        if name in _TEXT_FIELDS:
            return self._text_field(call, cls)
        if name in _SHORT_FIELDS:
            return BOUNDED
        if name in ("FileField", "ImageField", "MultiFileField"):
            return UPLOAD
        if name in ("ListField", "List", "FieldList"):
            return self._list_field(call, cls, path, depth)
        if name in ("JSONField", "DictField", "Dict", "Raw", "Field", "HStoreField", "Mapping"):
            return TEXT
        if name == "Nested" and call[3]:
            return self._named(call[3][0], cls, path, depth)
        for value in self.evaluator.evaluate(call[2], cls):
            if isinstance(value, ClassValue):  # a nested serializer
                return self.model(value.cls, path, depth + 1)
        return NONE

    def field_object(self, call: Expression, scope: Scope, path: Path, name: str) -> Verdict:
        """What a field says that stands in a dict of fields."""
        if call[0] != "call":
            return NONE
        found = self._field_object(call, scope, path, 0)
        return replace(found, field=found.field or name)

    def _list_field(self, call: Expression, cls: Scope, path: Path, depth: int) -> Verdict:
        child = next((value for key, value in call[4] if key == "child"), call[3][0] if call[3] else None)
        below = element_of(path)
        opened = not _is_single(path) and not self._is_limit(call, cls)
        if child is None or child[0] != "call" or below is None:
            return replace(TEXT, is_list=True, opened=opened)
        found = self._field_object(child, cls, below, depth + 1)
        return replace(found, is_list=True, opened=opened, many=found.kind == "bounded" and opened)

    def _text_field(self, call: Expression, scope: Scope) -> Verdict:
        for argument in call[3]:  # Column(String(200)), Column(Text)
            kind = last_name(argument[2] if argument[0] == "call" else argument)
            if kind in ("String", "VARCHAR", "Unicode") and argument[0] == "call" and argument[3]:
                return BOUNDED
            if kind in ("Text", "String", "UnicodeText", "JSON", "JSONB", "TEXT"):
                return TEXT
            if kind in _NO_TEXT_COLUMNS:
                return NONE
        return BOUNDED if self._is_limit(call, scope) else TEXT

    def _all_limited(self, cls: Class) -> bool:
        """`model_config = ConfigDict(str_max_length=...)` or the older `class Config`."""
        for candidate in self.evaluator.lineage(cls)[0]:
            for binding in candidate.bindings.get("model_config", ()):
                settings = binding.expression
                if settings is not None and settings[0] == "call":
                    return any(key == "str_max_length" for key, _ in settings[4])
                if settings is not None and settings[0] == "dict":
                    keys = (key for key, _ in settings[2] if key is not None and key[0] == "const")
                    return any(key[2] == "str_max_length" for key in keys)
            for inner in candidate.classes:
                if inner.name == "Config" and {"max_anystr_length", "str_max_length"} & inner.bindings.keys():
                    return True
        return False

    def _is_validated(self, cls: Class, name: str, together: bool, single: bool) -> bool:
        """Whether a validator of the class refuses or cuts long values of a field; of a list, all its texts
        `together`; `single`: of a field that is one text."""
        for candidate in self.evaluator.lineage(cls)[0]:
            if any(self._validates(method, name, together, single) for method in candidate.functions):
                return True
            bindings = () if together else (binding for known in candidate.bindings.values() for binding in known)
            if any(self._is_validator_of(binding, name) for binding in bindings):
                return True
        return False

    def _is_validator_of(self, binding: Binding, name: str) -> bool:
        """`_checked = field_validator("question")(refuse_long)`."""
        made = binding.expression
        if made is None or made[0] != "call" or made[2][0] != "call" or not made[3]:
            return False
        if last_name(made[2][2]) not in ("field_validator", "validator"):
            return False
        if not {argument[2] for argument in made[2][3] if argument[0] == "const"} & {name, "*"}:
            return False
        given = self.evaluator.evaluate(made[3][0], binding.scope)
        return any(isinstance(value, FunctionValue) and self.refuses_long(value.function) for value in given)

    def _validates(self, method: Function, name: str, together: bool, single: bool) -> bool:
        if method.name == f"validate_{name}":
            return self._refuses(method, together)
        whole = method.name in ("validate", "clean", "__post_init__", "__attrs_post_init__", "model_post_init")
        for decorator in method.decorators:
            called = last_name(decorator[2] if decorator[0] == "call" else decorator)
            whole = whole or called in ("model_validator", "root_validator", "validates_schema")
            if called in ("field_validator", "validator", "validates") and decorator[0] == "call":
                fields = {a[2] for a in decorator[3] if a[0] == "const"}
                if fields & {name, "*"} and self._refuses(method, together):
                    return True
        if not whole:
            return False
        refused = (part for parts in self.checks.checking(method).values() for part in parts)
        return any(
            (single and suffix == f".{EACH}") or (suffix.rpartition(".")[2] == name and (all_of_it or not together))
            for suffix, all_of_it in refused
        )

    def _refuses(self, function: Function, together: bool) -> bool:
        if not together:
            return self.refuses_long(function)
        return any(all_of_it for parts in self.checks.checking(function).values() for _, all_of_it in parts)

    # Values

    def is_list(self, expression: Expression, scope: Scope, path: Path) -> bool:
        """Whether a value is a list rather than a text, as far as the program shows."""
        if path and element_of(path) is not None:
            return True
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, Literal) and value.expression[0] in ("list", "tuple", "comp", "set"):
                return True
            if type(value).__name__ == "Elements" or (isinstance(value, External) and value.path in _SEQUENCES):
                return True
            if isinstance(value, Instance):
                return bool(path) and self.model(value.cls, path).is_list
        return last_name(expression).lower() in _LIST_NAMES

    def takes_few(self, expression: Expression, scope: Scope, path: Path) -> bool:
        """Whether an expression reads a field that takes a limited number of items."""
        values = self.evaluator.evaluate(expression[2], scope) if expression[0] == "attr" else ()
        found = [self.model(v.cls, (expression[3], *path)) for v in values if isinstance(v, Instance)]
        return bool(found) and all(v.is_list and not v.opened and v.container is None for v in found)


def _is_payload(path: str) -> bool:
    """Types of SDKs that describe what goes to a model."""
    if path.startswith(("openai.types", "anthropic.types", "litellm.types", "langchain_core.messages", "ollama.")):
        return True
    return path.startswith(("mistralai.", "groq.types")) and "essage" in path


def _is_single(path: Path) -> bool:
    return bool(path) and (is_one(path[0]) or isinstance(path[0], int))


def _root_name(expression: Expression) -> str:
    """The variable that a part, or the same text in another form, is taken from: `v[:80]`, `str(v).strip()[:80]`."""
    while expression[0] in ("sub", "attr", "call"):
        if expression[0] != "call":
            expression = expression[2]
        elif expression[2][0] == "attr" and expression[2][3] in SAME_TEXT:
            expression = expression[2][2]
        elif last_name(expression[2]) == "str" and len(expression[3]) == 1:
            expression = expression[3][0]
        else:
            return ""
    return str(expression[2]) if expression[0] == "name" else ""
