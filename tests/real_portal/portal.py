"""udata itself: its settings for the loopback, and what it starts with.

The accounts, organizations, licences and zones are those of `bulkpub/sandbox/seeds.py`, read from
the file, since this runs in an environment that has no bulkpub.
"""

import argparse
import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["make_app", "seed"]

SEEDS = Path(__file__).parents[2] / "bulkpub" / "sandbox" / "seeds.py"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

GEO_LEVELS = {
    "country-group": ("Country group", 10),
    "country": ("Country", 20),
    "country-subset": ("Country subset", 30),
    "fr:region": ("French region", 40),
    "fr:departement": ("French county", 60),
    "fr:epci": ("French intermunicipal", 68),
    "fr:commune": ("French town", 80),
}
"""Name and administrative level."""


def _load_seeds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seeds", SEEDS)
    if spec is None or spec.loader is None:
        raise SystemExit(f"There are no seeds in {SEEDS}.")
    seeds = importlib.util.module_from_spec(spec)
    sys.modules["seeds"] = seeds  # dataclasses look their module up
    spec.loader.exec_module(seeds)
    return seeds


def make_app(data_dir: Path, mongo_port: int, base_url: str, options: argparse.Namespace) -> Any:
    """udata as a WSGI application, on the database that listens on `mongo_port`."""
    from udata.app import create_app, standalone  # noqa: PLC0415  # slow, and only in here
    from udata.settings import Defaults  # noqa: PLC0415  # likewise

    settings = {
        "SECRET_KEY": "real-udata test secret key",
        "API_TOKEN_SECRET": "real-udata test token secret",
        "MONGODB_HOST": f"mongodb://127.0.0.1:{mongo_port}/udata",
        "SITE_TITLE": "real-udata",
        "CDATA_BASE_URL": base_url,  # where `page` links point to
        "SEND_MAIL": False,
        "DEFAULT_LANGUAGE": options.language,
        # No Redis: the cache is in memory, background tasks run within the request.
        "CACHE_TYPE": "flask_caching.backends.SimpleCache",
        "CELERY_BROKER_URL": "memory://",
        "CELERY_RESULT_BACKEND": "cache+memory://",
        "CELERY_TASK_ALWAYS_EAGER": True,
        "CELERY_TASK_EAGER_PROPAGATES": False,
        "FS_ROOT": str(data_dir / "fs"),
        # Everything is on the loopback, and there is no DNS.
        "SESSION_COOKIE_SECURE": False,
        "URLS_ALLOW_LOCAL": True,
        "URLS_ALLOW_PRIVATE": True,
        "URLS_RESOLVE_HOSTNAME": False,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "HARVESTER_BACKENDS": [],
        **dict(options.set),
    }
    # Never pick up a stray configuration file.
    os.environ["UDATA_SETTINGS"] = str(data_dir / "no-such-settings.cfg")
    return standalone(create_app(config=type("Settings", (Defaults,), settings)))


def seed(app: Any, base_url: str, *, with_sysadmin: bool) -> dict[str, Any]:
    """Fill what is empty, and tell the ids, slugs and keys there are."""
    seeds = _load_seeds()
    accounts = [*seeds.ACCOUNTS, *([seeds.SYSADMIN] if with_sysadmin else [])]
    with app.test_request_context(base_url=base_url):
        _seed_vocabularies(seeds)
        users = {account.id: _seed_account(account) for account in accounts}
        told: dict[str, Any] = {
            account.name: {
                "id": account.id,
                "slug": users[account.id].slug,
                "email": account.email,
                "api_key": account.key,
            }
            for account in accounts
        }
        for organization in seeds.ORGANIZATIONS:
            slug = _seed_organization(organization, users)
            told[organization.key] = {
                "id": organization.id,
                "slug": slug,
                "name": organization.name,
            }
    told["licenses"] = [each.id for each in seeds.LICENSES]
    told["zones"] = [each.id for each in seeds.ZONES]
    return told


def _seed_vocabularies(seeds: ModuleType) -> None:
    from udata.core.dataset.models import License  # noqa: PLC0415  # only once udata is set up
    from udata.core.spatial.models import GeoLevel, GeoZone  # noqa: PLC0415  # likewise

    for each in seeds.LICENSES:
        if not License.objects(id=each.id).first():
            fields = {"title": each.title, "url": each.url, "flags": list(each.flags)}
            License(id=each.id, active=True, **fields).save()
    for level, (name, admin_level) in GEO_LEVELS.items():
        GeoLevel(id=level, name=name, admin_level=admin_level).save()
    for zone in seeds.ZONES:
        level, code = zone.id.rsplit(":", 1)
        if zone.id.startswith("country-subset:"):
            level, code = zone.id.split(":", 1)
        slug = zone.id.replace(":", "-")
        GeoZone(id=zone.id, slug=slug, name=zone.name, code=code, level=level).save()


def _seed_account(account: Any) -> Any:
    from udata.core.user.models import Role, User  # noqa: PLC0415  # only once set up

    user = User.objects(id=account.id).first()
    if user is None:
        user = User(
            id=account.id,
            first_name=account.first_name,
            last_name=account.last_name,
            email=account.email,
            fs_uniquifier=f"real-udata-{account.name}",
            active=True,
            confirmed_at=datetime.now(UTC),
        )
        if account.is_sysadmin:
            user.roles = [Role.objects(name="admin").first() or Role(name="admin").save()]
        user.save()
    _give_key(user, account)
    return user


def _give_key(user: Any, account: Any) -> None:
    try:
        from udata.core.api_token.models import ApiToken, _hash_token  # noqa: PLC0415  # likewise
    except ImportError:  # an account has one plain key, which never expires
        if not account.key_has_expired:
            user.apikey = account.key
            user.save()
        return
    token_hash = _hash_token(account.key)
    if not ApiToken.objects(token_hash=token_hash).first():
        ApiToken(
            token_hash=token_hash,
            token_prefix=account.key[:14],
            user=user,
            name="seeded",
            expires_at=LONG_AGO if account.key_has_expired else None,
        ).save()


def _seed_organization(organization: Any, users: dict[str, Any]) -> str:
    from udata.core.organization.constants import ORG_ROLES  # noqa: PLC0415  # only once set up
    from udata.core.organization.models import Member, Organization  # noqa: PLC0415  # likewise

    found = Organization.objects(id=organization.id).first()
    if found is None:
        found = Organization(
            id=organization.id,
            name=organization.name,
            description=f"{organization.name}, seeded.",
            members=[
                Member(user=users[member], role=role)
                for member, role in organization.members.items()
                if role in ORG_ROLES  # there were no partial editors once
            ],
        )
        found.save()
    return str(found.slug)
