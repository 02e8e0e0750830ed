"""Which rules there are: the built-in pack and packs that other distributions add."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Container, Iterable, Iterator

from aiaudit.patterns import regex
from aiaudit.results import Diagnostic
from aiaudit.rule import Rule
from aiaudit.values import dataclass, field

GROUP = "aiaudit.rules"
BUILTIN = "aiaudit_rules"
ABOUT_COMMENTS = "IGN"

_FAMILY = regex(r"\d+$")


@dataclass(slots=True)
class Catalogue:
    """Rules in the order of their ids, and the modules that could not be loaded.

    `loaded` are those that may have something to look at; the modules of the others, `left`, are imported when somebody
    asks for all rules.
    """

    loaded: tuple[Rule, ...] = ()
    diagnostics: list[Diagnostic] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        if self.left:
            left, self.left = self.left, []
            self.take(left)
        return self.loaded

    def take(self, modules: Iterable[str]) -> None:
        """Add the rules of some modules."""
        found = {key: rule for rule in self.loaded for key in (rule.id, rule.name)}
        for module in modules:
            _take(module, found, self.diagnostics)
        self.loaded = tuple(sorted({id(rule): rule for rule in found.values()}.values(), key=lambda rule: rule.id))

    def find(self, wanted: str) -> tuple[Rule, ...]:
        """Rules that an id, a name, an alias, a code, a family or a prefix of ids stands for."""
        exact = self.find_exactly(wanted)
        if exact or not wanted:
            return exact
        return tuple(rule for rule in self.rules if _is_prefix(wanted, rule.id))

    def find_exactly(self, wanted: str) -> tuple[Rule, ...]:
        """Rules that an id, a name, an alias or a code stands for."""
        exact = tuple(rule for rule in self.rules if wanted in (rule.id, rule.name) or wanted in rule.aliases)
        return exact or tuple(rule for rule in self.rules if rule.reports(wanted))

    def names(self) -> list[str]:
        """Everything that may be typed for a rule, for suggestions."""
        families = {rule.family for rule in self.rules}
        return sorted({name for rule in self.rules for name in (rule.id, rule.name, *rule.aliases)} | families)


def load(names: Iterable[str] = (), lacking: Container[str] = ()) -> Catalogue:
    """Every rule of the built-in pack and of installed packs.

    Where all rules that matter are named, and by families or ids alone, packs of other families are not even imported:
    a pack says in `FAMILY` which one it holds. In `NEEDS` it says what its modules have nothing to look at without,
    "*" for all that it does not name: where that is `lacking`, they are left until somebody asks for all rules.
    """
    families = _families(names)
    catalogue = _load(families, lacking)
    if families is not None and not families <= {rule.family for rule in catalogue.rules}:
        return _load(None, lacking)  # another tool's id looks like one of ours
    return catalogue


def _load(families: frozenset[str] | None, lacking: Container[str]) -> Catalogue:
    catalogue = Catalogue()
    modules = [
        module
        for package in (BUILTIN, *installed_packs())
        for module in _modules(package, families, lacking, catalogue)
    ]
    catalogue.take(modules)
    return catalogue


def _families(names: Iterable[str]) -> frozenset[str] | None:
    """The families that are wanted, None for all. Rules about ignore comments need to know every name."""
    families = frozenset(_FAMILY.sub("", name) for name in names)
    if not families or ABOUT_COMMENTS in families or not all(name.isalpha() and name.isupper() for name in families):
        return None
    return families


def installed_packs() -> Iterator[str]:
    """Packages that other distributions name in the entry-point group.

    Read from the metadata files themselves: `importlib.metadata` costs more than the rest of a small audit.
    """
    seen = {BUILTIN}
    for folder in sys.path:
        try:
            entries = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue
        for name in sorted(entries):
            for package in _named_packs(os.path.join(folder, name, "entry_points.txt")):
                if package not in seen:
                    seen.add(package)
                    yield package


def _named_packs(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return
    section = ""
    for line in text.splitlines() if GROUP in text else ():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif section == GROUP and "=" in line:
            yield line.partition("=")[2].split("[")[0].split(":")[0].strip()


def _modules(
    package: str, families: frozenset[str] | None, lacking: Container[str], catalogue: Catalogue
) -> Iterator[str]:
    """The modules of a package; those that have nothing to look at are left to the catalogue."""
    try:
        root = importlib.import_module(package)
    except Exception as error:  # a broken pack must not take the audit down
        catalogue.diagnostics.append(_failure(package, error))
        return
    family = getattr(root, "FAMILY", None)
    if families is not None and family is not None and family not in families:
        return
    yield package
    needs: dict[str, str] = getattr(root, "NEEDS", {})
    for name, is_package in _inside(getattr(root, "__path__", ())):
        if is_package:
            yield from _modules(f"{package}.{name}", families, lacking, catalogue)
        elif needs.get(name, needs.get("*")) in lacking:
            catalogue.left.append(f"{package}.{name}")
        else:
            yield f"{package}.{name}"


def _inside(folders: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The modules in a package's folders, and whether each is a package itself."""
    for folder in folders:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # packed into an archive: what knows those takes ten times as long
            import pkgutil

            yield from ((info.name, info.ispkg) for info in pkgutil.iter_modules([folder]))
            continue
        for entry in entries:
            name, dot, ending = entry.name.rpartition(".")
            if ending == "py" and name != "__init__":
                yield name, False
            elif not dot and entry.is_dir() and os.path.exists(os.path.join(entry.path, "__init__.py")):
                yield entry.name, True


def _take(name: str, found: dict[str, Rule], diagnostics: list[Diagnostic]) -> None:
    """Import one module and keep its `rule`."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # reported: the audit is incomplete without that rule
        diagnostics.append(_failure(name, error))
        return
    rule = getattr(module, "rule", None)
    if not isinstance(rule, Rule):
        return
    if any(found.get(key, rule) is not rule for key in (rule.id, rule.name)):
        diagnostics.append(Diagnostic("error", "", f"rule module {name}: {rule.id} {rule.name} is already defined"))
        return
    rule.docs = module.__doc__ or ""
    rule.tags = tuple(dict.fromkeys((*rule.tags, *getattr(sys.modules.get(module.__package__ or ""), "TAGS", ()))))
    found[rule.id] = found[rule.name] = rule


def _failure(name: str, error: Exception) -> Diagnostic:
    return Diagnostic("error", "", f"rule module {name} cannot be loaded: {type(error).__name__}: {error}")


def _is_prefix(wanted: str, rule_id: str) -> bool:
    """Whether `IMG` or `IMG2` stands for IMG201."""
    return wanted[:1].isupper() and wanted.isalnum() and rule_id.startswith(wanted)
