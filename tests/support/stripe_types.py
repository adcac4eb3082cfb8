"""Holds plain JSON against the annotations of the pinned `stripe` package: keys, enum values, types, recursively."""

import inspect
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

ALIASES = {"CardResource": "Card", "RefundResource": "Refund"}  # names that the package imports under another one


def faults_of(body: object, cls: type[StripeObject], path: str = "") -> list[str]:
    """Sentences on what this object has that the class does not, lacks that it requires, or holds of another type."""
    return list(_object_faults(body, cls, path or cls.__name__))


def _object_faults(body: object, cls: type[StripeObject], path: str) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"{path}: {type(body).__name__} instead of an object"
        return
    annotations = _annotations(cls)
    for key in body.keys() - annotations.keys():
        yield f"{path}.{key}: the package knows no such key"
    for key, annotation in annotations.items():
        if key in body:
            yield from _value_faults(body[key], annotation, f"{path}.{key}")
        elif not _is_optional(annotation):
            yield f"{path}.{key}: required, and not there"


def _value_faults(value: object, annotation: Any, path: str) -> Iterator[str]:
    annotation = _resolved(annotation)
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        yield from _union_faults(value, get_args(annotation), path)
    elif origin is Literal:
        if value not in get_args(annotation):
            yield f"{path}: {value!r} is none of {get_args(annotation)}"
    elif origin is list:
        yield from _list_faults(value, get_args(annotation)[0], path)
    elif origin is ListObject:
        data = value.get("data") if isinstance(value, dict) and value.get("object") == "list" else None
        yield from _list_faults(data, get_args(annotation)[0], f"{path}.data")
    elif origin is UntypedStripeObject:
        for key, item in value.items() if isinstance(value, dict) else [("", value)]:
            yield from _value_faults(item, get_args(annotation)[0], f"{path}.{key}")
    elif isinstance(annotation, type) and issubclass(annotation, StripeObject):
        yield from _object_faults(value, annotation, path)
    elif annotation is not Any and not _is_plain(value, annotation):
        yield f"{path}: {value!r} is no {annotation}"


def _union_faults(value: object, options: tuple[Any, ...], path: str) -> Iterator[str]:
    if value is None and type(None) in options:
        return
    kept = [_resolved(option) for option in options if option is not type(None)]
    if any(get_origin(option) is Literal for option in kept):  # `str` beside it is for values of later versions
        kept = [option for option in kept if option is not str]
    if isinstance(value, dict):
        kept = [option for option in kept if option is not str] or kept
    tried = [list(_value_faults(value, option, path)) for option in kept]
    if all(tried):
        yield from min(tried, key=len)


def _list_faults(value: object, annotation: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for n, item in enumerate(value):
        yield from _value_faults(item, annotation, f"{path}[{n}]")


def _annotations(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found |= inspect.get_annotations(base)
    return {key: value for key, value in found.items() if not key.startswith("_") and get_origin(value) is not ClassVar}


def _resolved(annotation: Any) -> Any:
    name = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    return getattr(stripe, ALIASES.get(name, name)) if isinstance(name, str) else annotation


def _is_optional(annotation: Any) -> bool:
    return type(None) in get_args(annotation)


def _is_plain(value: object, annotation: Any) -> bool:
    if annotation is Decimal:  # goes over the wire as text
        return isinstance(value, str)
    if annotation is float:
        return isinstance(value, int | float)
    return type(value) is annotation
