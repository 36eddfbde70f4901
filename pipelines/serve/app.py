"""The web application: routes, and what a browser may do with their answers.

It answers GET and HEAD only, to requests for this machine by its own name only, and its pages load nothing from
elsewhere and run no script but its own.
"""

import functools
import importlib.resources
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import duckdb
from flask import Flask, Request, Response, abort, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from warraq.pipelines.serve import addresses, marks, pages, texts
from warraq.pipelines.serve.asker import Asker, Lake
from warraq.pipelines.views import first_line
from warraq.transforms.dataset.errors import DamagedDatasetError, DatasetError

# Names of this machine for itself. A page elsewhere whose name leads to 127.0.0.1 asks by its own name, and is refused.
_OWN_NAME: Final = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_YEAR: Final = 365 * 24 * 3600  # seconds that a browser remembers language and colours
_THEMES: Final = ("auto", "light", "dark")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ASSETS: Final = importlib.resources.files("warraq.pipelines.serve") / "assets"
# View → its address and the function that asks for it. The order is that of the menu.
_VIEWS: Final[dict[str, tuple[str, Callable[[pages.Page], pages.Context]]]] = {
    "overview": ("/", pages.overview),
    "search": ("/search", pages.found),
    "names": ("/names", pages.names),
    "stories": ("/stories", pages.stories),
    "trends": ("/trends", pages.trends),
    "map": ("/map", pages.places),
    "sites": ("/sites", pages.sites),
    "ledger": ("/ledger", pages.ledger),
}


def application(lake: Lake) -> Flask:
    """The application over a dataset."""
    app = Flask("warraq.pipelines.serve", static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters.update(shown=marks.shown, readable=marks.readable, web=marks.web_address)
    app.before_request(_refuse_strangers)
    app.after_request(_guarded)
    for name, (path, view) in _VIEWS.items():
        app.add_url_rule(path, name, functools.partial(_show, lake, name, view), methods=["GET"])
    app.add_url_rule("/name", "name", functools.partial(_show, lake, "name", pages.name), methods=["GET"])
    app.add_url_rule("/article/<day>/<article_id>", "article", functools.partial(_article, lake), methods=["GET"])
    app.add_url_rule("/assets/<name>", "asset", _asset, methods=["GET"])
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(pages.GoneError, lambda _: _message(404, "gone"))
    app.register_error_handler(pages.UnknownNameError, _names_like)
    for error in (DatasetError, DamagedDatasetError, OSError):
        app.register_error_handler(error, _failed)
    app.register_error_handler(duckdb.Error, lambda error: _message(500, "failed", first_line(error)))
    return app


def _show(lake: Lake, name: str, view: Callable[..., pages.Context], **more: str) -> str:
    ask = Asker(lake)
    page = pages.Page(ask, request.args, _language(request))
    shown = view(page, **more)
    return render_template(f"{name}.html", **_common(name), **shown, asked=ask.asked, root=lake.dataset.root)


def _article(lake: Lake, day: str, article_id: str) -> str:
    return _show(lake, "article", pages.article, day=day, article_id=article_id)


def _names_like(error: Exception) -> BaseResponse:
    """A name that no article spells so leads to those that are like it."""
    return redirect(addresses.address("/names", letters=str(error)))


def _asset(name: str) -> Response:
    file = _ASSETS / name  # the route's <name> holds no slash
    kind = _TYPES.get("." + name.rpartition(".")[2])
    if kind is None or name.startswith(".") or not file.is_file():
        abort(404)
    answer = Response(file.read_bytes(), mimetype=None, content_type=kind)
    answer.add_etag()
    answer.cache_control.no_cache = True  # a browser asks whether it has changed, which an upgrade does
    answer.make_conditional(request)
    return answer


def _common(name: str) -> dict[str, Any]:
    """Everything that each template needs."""
    language, theme = _language(request), _theme(request)
    here = functools.partial(addresses.address, request.path, request.args)
    return {
        "view": name,
        "menu": [(key, path) for key, (path, _) in _VIEWS.items()],
        "say": texts.translator(language),
        "links": True,
        "language": language,
        "direction": "rtl" if language == "ar" else "ltr",
        "languages": [(key, own, here(lang=key)) for key, own in texts.LANGUAGES.items()],
        "theme": theme,
        "themes": [(key, here(theme=key)) for key in _THEMES],
        **helpers(language),
    }


def helpers(language: str) -> dict[str, Any]:
    """The functions that templates of pages and reports call."""
    return {
        "topic_name": functools.partial(texts.topic_name, language=language),
        "kind_name": functools.partial(texts.kind_name, language=language),
        "date_source_name": functools.partial(texts.date_source_name, language=language),
        "meaning": functools.partial(texts.meaning, language=language),
        "remedy": functools.partial(texts.remedy, language=language),
        "kind_titles": texts.KIND_TITLES,
        "address": addresses.address,
        "article_address": addresses.article,
        "name_address": addresses.name,
    }


def _language(request: Request) -> str:
    """The language of the address, of the cookie, or of the browser."""
    for value in (request.args.get("lang"), request.cookies.get("lang")):
        if value in texts.LANGUAGES:
            return value
    return request.accept_languages.best_match([*texts.LANGUAGES], default="en")


def _theme(request: Request) -> str:
    for value in (request.args.get("theme"), request.cookies.get("theme")):
        if value in _THEMES:
            return value
    return _THEMES[0]


def _refuse_strangers() -> None:
    if not _OWN_NAME.fullmatch(request.headers.get("Host", "")):
        abort(421)


def _guarded(answer: Response) -> Response:
    for name, value in _HEADERS.items():
        if not (name == "Cache-Control" and request.endpoint == "asset"):
            answer.headers[name] = value
    for name, allowed in (("lang", [*texts.LANGUAGES]), ("theme", [*_THEMES])):
        if request.args.get(name) in allowed:
            answer.set_cookie(name, request.args[name], max_age=_YEAR, httponly=True, samesite="Strict")
    return answer


def _refused(error: HTTPException) -> tuple[str, int, Sequence[tuple[str, str]]]:
    code = error.code or 500
    body, _, _ = _message(code, {404: "not_found", 405: "wrong_method"}.get(code, "failed"), f"{code} {error.name}")
    return body, code, [header for header in error.get_headers() if header[0] == "Allow"]


def _failed(error: Exception) -> tuple[str, int, Sequence[tuple[str, str]]]:
    return _message(503, "failed", str(error))


def _message(code: int, key: str, detail: str = "") -> tuple[str, int, Sequence[tuple[str, str]]]:
    return render_template("message.html", **_common("message"), key=key, detail=detail), code, ()
