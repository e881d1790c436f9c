"""The calls that the wire answers itself: they speak of the server's own address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from telethon.tl import types
from telethon.tl.functions import help as help_
from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.telegram.wire.links import DC_ID


class BuiltIns:
    """One data centre, at our address, so that a client never looks for another."""

    def __init__(self) -> None:
        self.address = ("127.0.0.1", 0)

    def answer(self, request: TLRequest) -> TLObject | None:
        """The answer, or None when the call is the handler's."""
        match request:
            case help_.GetConfigRequest():
                return self._config()
            case help_.GetNearestDcRequest():
                return types.NearestDc(country="NL", this_dc=DC_ID, nearest_dc=DC_ID)
            case help_.GetCdnConfigRequest():
                return types.CdnConfig(public_keys=[])
            case _:
                return None

    def _config(self) -> types.Config:
        host, port = self.address
        now = datetime.now(UTC)
        return types.Config(
            date=now,
            expires=now + timedelta(hours=1),
            test_mode=False,
            this_dc=DC_ID,
            dc_options=[types.DcOption(id=DC_ID, ip_address=host, port=port, static=True)],
            dc_txt_domain_name="localhost",
            chat_size_max=200,
            megagroup_size_max=200_000,
            forwarded_count_max=100,
            online_update_period_ms=210_000,
            offline_blur_timeout_ms=5_000,
            offline_idle_timeout_ms=30_000,
            online_cloud_timeout_ms=300_000,
            notify_cloud_delay_ms=30_000,
            notify_default_delay_ms=1_500,
            push_chat_period_ms=60_000,
            push_chat_limit=2,
            edit_time_limit=172_800,
            revoke_time_limit=2_147_483_647,
            revoke_pm_time_limit=2_147_483_647,
            rating_e_decay=2_419_200,
            stickers_recent_limit=200,
            channels_read_media_period=604_800,
            call_receive_timeout_ms=20_000,
            call_ring_timeout_ms=90_000,
            call_connect_timeout_ms=30_000,
            call_packet_timeout_ms=10_000,
            me_url_prefix="https://t.me/",
            caption_length_max=1_024,
            message_length_max=4_096,
            webfile_dc_id=4,
        )
