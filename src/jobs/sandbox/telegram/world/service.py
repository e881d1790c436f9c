"""What a client asks Telegram about Telegram; the wire tells of the server's address itself."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.world.context import Context, Handlers, Result


def get_app_config(_ctx: Context, _request: functions.help.GetAppConfigRequest) -> Result:
    return types.help.AppConfig(0, types.JsonObject([]))


def get_terms_update(ctx: Context, _request: functions.help.GetTermsOfServiceUpdateRequest) -> Result:
    return types.help.TermsOfServiceUpdateEmpty(ctx.state.date(ctx.state.now + 3600))


HANDLERS: Handlers = {
    functions.help.GetAppConfigRequest: get_app_config,
    functions.help.GetTermsOfServiceUpdateRequest: get_terms_update,
}
