# Generated from spec/model_list.json by `python -m codegen`. Do not edit: change the schema and run that again.
"""Model list. The answer of `GET {base}/models`."""

from typing import ClassVar, Literal

from msgspec import Struct, field

__all__ = ["Model", "ModelList"]


class Model(Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False):
    """One model that the key may call. There is no `created`, which OpenAI's own type asks for."""

    id: str = field(default_factory=str)
    """The id to put in a request's `model`.

    Upper and lower case matter. Examples: `"mimo-v2.6-pro"`, `"mimo-v2.6-flash"`.
    """
    object: Literal["model"] | str | None = None
    """What this object is: always `model`."""
    owned_by: str | None = None
    """Who offers the model; `xiaomi` in every list seen. Examples: `"xiaomi"`."""
    __received__: ClassVar[bool] = True


class ModelList(
    Struct, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, omit_defaults=True, gc=False
):
    """The models that the key may call, all on one page."""

    object: Literal["list"] | str | None = None
    """What this object is: always `list`."""
    data: list[Model] = field(default_factory=lambda: [])
    """The models, in no promised order."""
    __received__: ClassVar[bool] = True
