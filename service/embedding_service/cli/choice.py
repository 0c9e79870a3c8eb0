"""Which model a command means: the default, one the settings serve, or any other reference."""

from embedding_service.cli.complaints import Complaint
from embedding_service.references import Reference, parse_reference
from embedding_service.settings import ModelOptions, Settings


def choose_model(settings: Settings, text: str | None) -> tuple[Reference, ModelOptions]:
    """The model named by `text`, a served name or a reference, with the options set for it."""
    reference = settings.references[0] if text is None else _find(settings, text)
    return reference, settings.model_options.get(reference.name, ModelOptions())


def _find(settings: Settings, text: str) -> Reference:
    for reference in settings.references:
        if text in {reference.name, str(reference)}:
            return reference
    try:
        return parse_reference(text)
    except ValueError as error:
        raise Complaint(str(error)) from None


def as_setting(reference: Reference) -> str:
    """`reference` as EMBEDDING_MODEL takes it."""
    try:
        has_own_name = parse_reference(reference.name) != reference
    except ValueError:
        has_own_name = True
    return f"{reference.name}={reference}" if has_own_name else reference.name
