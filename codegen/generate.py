"""All that the generator writes: the text of each file, by its path."""

from collections.abc import Collection
from pathlib import Path

from .exports import bundle, openapi
from .facts import render_facts
from .negatives import negatives
from .render import render
from .spec import Spec

__all__ = ["own_files", "package_files"]


def package_files(spec: Spec, sources: Collection[tuple[str, Collection[str]]], out: Path) -> dict[Path, str]:
    """The modules of a package of models.

    Args:
        spec: The checked schemas.
        sources: The directories that the schemas are in, each with its areas, for the first lines of the files.
        out: The directory of the package.

    Raises:
        SpecError: No models can be made of the schemas.
    """
    return {out / name: text for name, text in render(spec, sources).items()}


def own_files(spec: Spec, root: Path) -> dict[Path, str]:
    """What is generated in the checkout: our models, the tables of facts, the negative vectors and the exports.

    Args:
        spec: The checked schemas of `spec/`.
        root: The directory of the checkout.

    Raises:
        SpecError: No models can be made of the schemas, or a table of facts is refused.
    """
    models = root / "src/mimo_proto/models"
    dist = root / "spec/dist"
    return {
        **package_files(spec, [("spec", spec.areas)], models),
        **{models / name: text for name, text in render_facts(root / "spec").items()},
        root / "tests/fixtures/negatives.json": negatives(spec),
        dist / "bundle.json": bundle(spec),
        dist / "openapi.json": openapi(spec),
    }
