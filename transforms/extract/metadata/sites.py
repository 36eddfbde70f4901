"""The site of a page: the name that it shows, and all names that titles and bylines are compared with."""

from typing import Final

from warraq.transforms.addresses import host_of, registered_domain
from warraq.transforms.extract.facts import Facts
from warraq.transforms.extract.findings import Candidate
from warraq.transforms.extract.json_ld import node_of
from warraq.transforms.extract.metadata.meta_tags import compared, from_meta_tags, from_values

_PUBLISHERS: Final = frozenset({"Organization", "NewsMediaOrganization", "WebSite"})


def read_site_names(facts: Facts) -> list[Candidate]:
    """The site's name as the page states it."""
    publisher = facts.json_ld.article.get("publisher")
    websites = [node.fields.get("name") for node in facts.json_ld.top if "WebSite" in node.types]
    return [
        *from_meta_tags(facts.meta_tags, "og:site_name"),
        *from_values("JSON-LD publisher", publisher.get("name") if isinstance(publisher, dict) else None),
        *from_values("JSON-LD WebSite", *websites),
        *from_meta_tags(facts.meta_tags, "application-name"),
    ]


def all_site_names(facts: Facts, canonical_url: str) -> set[str]:
    """Every name of the site: stated names, publishers, host and domain; in the form of `compared`.

    A person who publishes her own articles is an author, not a site.
    """
    publishers = [node.fields.get("publisher") for node in facts.json_ld.nodes]
    described = [node_of(publisher) for publisher in publishers if isinstance(publisher, dict)]
    described += [node for node in facts.json_ld.top if _PUBLISHERS.intersection(node.types)]
    stated = [node.fields.get("name") for node in described if "Person" not in node.types]
    host, domain = host_of(canonical_url), registered_domain(canonical_url)
    names = [
        *(name for name in stated if isinstance(name, str)),
        *facts.meta_tags.get("og:site_name", []),
        *facts.meta_tags.get("application-name", []),
        *(host, host.removeprefix("www."), domain, domain.partition(".")[0]),
    ]
    return set(filter(None, map(compared, names)))
