"""The addresses of the page, and what answers them.

No address names a file: videos, tracklets and pictures go by ids, and only what the gallery knows is read.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from search.gallery.retry import ServerGoneError
from utils.errors import InputError, os_reason

from . import adding, asking, naming, pictures, watching
from .desk import Desk
from .fault import fault
from .said import Said
from .texts import STATIC, Refusal

# POST /api/<name> -> what answers it: JSON to JSON.
API: dict[str, Callable[[Desk, Said], dict]] = {
    "about": asking.about,
    "look": asking.look,
    "sample": asking.sample,
    "ask": asking.ask,
    "videos": watching.videos,
    "video": watching.video,
    "moment": watching.moment,
    "people": naming.people,
    "name": naming.name,
    "merge": naming.merge,
    "split": naming.split,
    "faces": naming.faces,
    "group": naming.group,
    "files": adding.files,
    "jobs": adding.jobs,
    "add": adding.add,
    "stop": adding.stop,
}
# GET /<name>/<id>?… -> bytes or a file, and its kind.
MEDIA: dict[str, tuple[Callable[[Desk, str, Said], bytes | Path], str]] = {
    "picture": (lambda desk, name, said: pictures.encode(desk.pictures.get(name)), "image/jpeg"),
    "frame": (lambda desk, name, said: watching.frame(desk, name, said.number("time")), "image/jpeg"),
    "clip": (
        lambda desk, name, said: watching.clip(desk, name, said.number("until") if "until" in said else None),
        "video/mp4",
    ),
    "film": (lambda desk, name, said: watching.film(desk, name, said.number("time")), "video/mp4"),
    "timeline": (lambda desk, name, said: naming.timeline(desk, said), "image/png"),
}


def make_app(desk: Desk) -> Starlette:
    """What answers all requests."""

    async def index(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def api(request: Request) -> Response:
        function = API.get(request.path_params["name"])
        if function is None:
            raise Refusal("error.nothing", 404)
        try:
            values = await request.json()
        except ValueError:
            raise Refusal("error.request", what="JSON") from None
        return JSONResponse(await run_in_threadpool(function, desk, Said(values)))

    async def media(request: Request) -> Response:
        make, kind = MEDIA.get(request.path_params["kind"], (None, ""))
        if make is None:
            raise Refusal("error.nothing", 404)
        said = Said(dict(request.query_params))
        made = await run_in_threadpool(make, desk, request.path_params["name"], said)
        answer = FileResponse if isinstance(made, Path) else Response
        return answer(made, media_type=kind)

    async def upload_picture(request: Request) -> Response:
        content = bytearray()
        async for chunk in _body(request, pictures.LIMIT):
            content += chunk
        name = await run_in_threadpool(desk.pictures.add, bytes(content))
        return JSONResponse(await run_in_threadpool(asking.look, desk, Said({"picture": name})))

    async def upload_video(request: Request) -> Response:
        return JSONResponse(await _receive_video(desk, request))

    routes = [
        Route("/", index),
        Route("/api/{name}", api, methods=["POST"]),
        Route("/upload/picture", upload_picture, methods=["PUT"]),
        Route("/upload/video", upload_video, methods=["PUT"]),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/{kind}/{name}", media),
    ]
    return Starlette(routes=routes, exception_handlers={Exception: _told, InputError: _told, 404: _nothing})


async def _receive_video(desk: Desk, request: Request) -> dict:
    """Write what a browser sends beside the other uploads, and look whether it is a video."""
    place = await run_in_threadpool(desk.library.place_for, request.query_params.get("name", ""))
    part = place.with_name(f".{place.stem}-{os.urandom(6).hex()}{place.suffix}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place.parent).free
        if int(request.headers.get("content-length") or 0) > free:
            raise Refusal("error.no_room", 507)
        with open(part, "wb") as file:
            async for chunk in _body(request, desk.adding.limit):
                await run_in_threadpool(file.write, chunk)
        return await run_in_threadpool(adding.uploaded, desk, part, place)
    except OSError as error:
        raise Refusal("error.write", 507, reason=os_reason(error)) from None
    finally:
        part.unlink(missing_ok=True)


async def _body(request: Request, limit: int):
    """What a browser sends, in pieces.

    Raises:
        Refusal: it is more than the limit [bytes].
    """
    size, shown = 0, f"{limit / (1 << 20):g}"
    if int(request.headers.get("content-length") or 0) > limit:
        raise Refusal("error.too_large", 413, most=shown)
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refusal("error.too_large", 413, most=shown)
        yield chunk


async def _nothing(request: Request, error: Exception) -> Response:
    return await _told(request, Refusal("error.nothing", 404))


async def _told(request: Request, error: Exception) -> Response:
    """An error, as the page shows it: one line."""
    if isinstance(error, Refusal):
        said = {"error": str(error), "key": error.key, "values": error.values}
        return JSONResponse(said, error.status)
    if isinstance(error, ServerGoneError):
        return JSONResponse({"error": str(error), "key": "error.server_gone", "values": {}}, 503)
    if isinstance(error, InputError):
        return JSONResponse({"error": str(error)}, 400)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)
    text = fault(error, f"{request.method} {request.url.path}")
    return JSONResponse({"error": text, "key": "error.fault", "values": {"error": text}}, 500)
