"""Looks up Avro schemas in a Confluent schema registry, only where one is configured.

An id the registry does not know stays unknown (the message is refused); a registry that cannot be asked ends the
process, for a message must not be refused because of an outage.
"""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from schemas.codec import Resolver
from streams.logs import SafeError
from streams.settings import Settings

_TIMEOUT_SECONDS = 5.0
_ATTEMPTS = 3


class RegistryError(SafeError):
    """The schema registry cannot be asked, or answers what is no Avro schema."""


def resolver_of(settings: Settings) -> Resolver | None:
    """A resolver for `schemas.codec.Codec`, or None where no registry is configured."""
    return Registry(settings.schema_registry_url).schema if settings.schema_registry_url else None


class Registry:
    """Schemas by id. An id's schema never changes, so each is asked for once."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise RegistryError(f"KONGFEI_SCHEMA_REGISTRY_URL: {url!r} is no http address")
        self._url = url.rstrip("/")
        self._known: dict[int, Mapping[str, Any]] = {}

    def schema(self, registry_id: int) -> Mapping[str, Any] | None:
        """The declaration of this id, None if the registry does not know it. Raises RegistryError."""
        if registry_id not in self._known:
            found = self._ask(registry_id)
            if found is None:
                return None
            self._known[registry_id] = found
        return self._known[registry_id]

    def _ask(self, registry_id: int) -> Mapping[str, Any] | None:
        # The scheme was checked above; ruff asks for exactly that.
        request = Request(f"{self._url}/schemas/ids/{registry_id}", headers={"Accept": "application/json"})  # noqa: S310
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                    return _declaration(registry_id, answer.read())
            except HTTPError as error:
                if error.code == HTTPStatus.NOT_FOUND:
                    return None
                failure: OSError = error
            except (URLError, TimeoutError, ConnectionError) as error:
                failure = error
            if attempt < _ATTEMPTS:
                time.sleep(0.2 * attempt)
        raise RegistryError(f"schema {registry_id} cannot be asked for at {self._url}") from failure


def _declaration(registry_id: int, body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
        declaration = json.loads(answer["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"the registry's answer for schema {registry_id} cannot be read") from error
    if answer.get("schemaType", "AVRO") != "AVRO" or not isinstance(declaration, dict):
        raise RegistryError(f"schema {registry_id} is not an Avro record")
    return declaration
