"""Who lets people in: the OpenID Connect providers that are configured, or the development issuer on this machine."""

import structlog

from schemas.base import Slug
from services.runtime.oidc import OidcCallers, load_providers
from services.runtime.settings import Settings
from services.runtime.tokens import Callers, Verifier, require_loopback

log = structlog.get_logger(__name__)


class NoProviderError(Exception):
    """The file of providers names none for this organisation."""


def callers(settings: Settings, organisation: Slug | None = None) -> Callers:
    """For an interface of one organisation, or of all. Raises NotLoopbackError, NoProviderError, or that the file of
    providers cannot be read.
    """
    if settings.oidc is None:
        require_loopback(settings.host)
        log.warning("DEVELOPMENT_LOGIN", host=settings.host)
        return Verifier.from_home(settings.home)
    providers = tuple(p for p in load_providers(settings.oidc) if organisation in (None, p.organisation))
    if not providers:
        raise NoProviderError(f"{settings.oidc} names no provider for {organisation}")
    return OidcCallers(providers)
