"""Parts of files, up and down."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.media import check_reference, file_hash

_BIGGEST_PART = 512 * 1024
_MOST_PARTS = 4000
_BIGGEST_ANSWER = 1024 * 1024
_STEP = 4096
_PRECISE_STEP = 1024


def save_part(ctx: Context, request: functions.upload.SaveFilePartRequest) -> Result:
    return _save(ctx, request.file_id, request.file_part, request.bytes)


def save_big_part(ctx: Context, request: functions.upload.SaveBigFilePartRequest) -> Result:
    if not 0 < request.file_total_parts <= _MOST_PARTS:
        raise RpcError(400, "FILE_PARTS_INVALID")
    return _save(ctx, request.file_id, request.file_part, request.bytes)


def _save(ctx: Context, file_id: int, part: int, data: bytes) -> bool:
    if not 0 <= part < _MOST_PARTS:
        raise RpcError(400, "FILE_PART_INVALID")
    if not data:
        raise RpcError(400, "FILE_PART_EMPTY")
    if len(data) > _BIGGEST_PART:
        raise RpcError(400, "FILE_PART_TOO_BIG")
    ctx.state.uploads.setdefault((ctx.me.id, file_id), {})[part] = data
    return True


def get_file(ctx: Context, request: functions.upload.GetFileRequest) -> Result:
    step = _PRECISE_STEP if request.precise else _STEP
    if request.offset % step or request.offset < 0:
        raise RpcError(400, "OFFSET_INVALID")
    if request.limit % step or not 0 < request.limit <= _BIGGEST_ANSWER:
        raise RpcError(400, "LIMIT_INVALID")
    data, kind = _located(ctx, request.location)
    part = data[request.offset : request.offset + request.limit]
    return types.upload.File(kind, ctx.state.now, part)


def _located(ctx: Context, location: types.TypeInputFileLocation) -> tuple[bytes, types.TypeFileType]:
    if not isinstance(location, types.InputPhotoFileLocation | types.InputDocumentFileLocation):
        raise RpcError(400, "LOCATION_INVALID")
    file = ctx.state.files.get(location.id)
    if file is None or location.access_hash != file_hash(ctx.state, ctx.me, file):
        raise RpcError(400, "FILE_ID_INVALID")
    check_reference(ctx.state, file, location.file_reference)
    if isinstance(location, types.InputPhotoFileLocation):
        if location.thumb_size != file.size_type:
            raise RpcError(400, "LOCATION_INVALID")
        is_png = file.data.startswith(b"\x89PNG")
        return file.data, types.storage.FilePng() if is_png else types.storage.FileJpeg()
    if location.thumb_size:
        if file.thumb is None:
            raise RpcError(400, "LOCATION_INVALID")
        return file.thumb, types.storage.FileJpeg()
    return file.data, types.storage.FileUnknown()


HANDLERS: Handlers = {
    functions.upload.SaveFilePartRequest: save_part,
    functions.upload.SaveBigFilePartRequest: save_big_part,
    functions.upload.GetFileRequest: get_file,
}
