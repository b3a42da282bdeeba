"""Unsolicited services: DataNotification and its confirm, EventNotification (IEC 62056-5-3, 6.9, 6.10 and 8).

0F long-invoke-id-and-priority date-time notification-body
10 long-invoke-id-and-priority date-time
C2 time OPTIONAL attribute-descriptor attribute-value
"""

from dissectors import axdr
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.problem import APDU_DATETIME, APDU_NOTIFICATION_TIME
from dissectors.xdlms import common
from dissectors.xdlms.common import DATE_TIME_OCTETS, OCTET_STRING_TAG, TAG, Dissector, field

DATA_TAG = 0x0F
CONFIRM_TAG = 0x10
EVENT_TAG = 0xC2

BODY = field("data-notification.notification-body", "Notification body", "node")
DATA_VALUE = field("data-notification.data-value", "Data value", "data")
TIME = field("event-notification.time", "Time", "octets", show=common.date_time_text)
ATTRIBUTE_VALUE = field("event-notification.attribute-value", "Attribute value", "data")
FIELDS = (BODY, DATA_VALUE, TIME, ATTRIBUTE_VALUE)

YEAR_HIGH = 0x07  # first octet of a date-time of the years 1792 to 2047


def data_notification(c: Cursor, ctx: Context) -> Apdu:
    """DataNotification, cursor at the tag 0F. data: the notification body.

    Problems: apdu.trunc, apdu.datetime, apdu.notification-time, those of Data.
    """
    c.u8(TAG)
    invoke_id, confirmed = common.long_invoke(c)
    common.date_time(c)
    c.open(BODY)
    found = common.any_data(c, DATA_VALUE)
    c.close()
    return Apdu(DATA_TAG, "data-notification", "data-notification", "unsolicited", invoke_id, confirmed, data=found)


def data_notification_confirm(c: Cursor, ctx: Context) -> Apdu:
    """DataNotificationConfirm, cursor at the tag 10 (newer editions). Problems: as DataNotification."""
    c.u8(TAG)
    invoke_id, confirmed = common.long_invoke(c)
    common.date_time(c)
    return Apdu(CONFIRM_TAG, "data-notification-confirm", "data-notification", "response", invoke_id, confirmed)


def event_notification(c: Cursor, ctx: Context) -> Apdu:
    """EventNotificationRequest, cursor at the tag C2. It has no invoke id and asks for no answer.

    Problems: apdu.trunc, apdu.datetime, apdu.notification-time, those of Data.
    """
    c.u8(TAG)
    _time(c)
    class_id, obis, attribute = common.attribute(c)
    found = common.any_data(c, ATTRIBUTE_VALUE)
    return Apdu(
        EVENT_TAG,
        "event-notification-request",
        "event-notification",
        "unsolicited",
        confirmed=False,
        class_id=class_id,
        obis=obis,
        attribute=attribute,
        data=found,
    )


def _time(c: Cursor) -> None:
    """time OCTET STRING OPTIONAL. Seen too: the Data tag 09 as the flag, and the bare 12 octets after the flag."""
    c.open(TIME)
    found = None
    flag = Cursor.u8(c, TIME)
    if flag:
        if flag == OCTET_STRING_TAG:
            axdr.note(c, APDU_NOTIFICATION_TIME, 1)
        if c.peek() == YEAR_HIGH and c.left() >= DATE_TIME_OCTETS:
            axdr.note(c, APDU_DATETIME, 0, "without its length octet")
            found = Cursor.take(c, TIME, DATE_TIME_OCTETS)
        else:
            found = Cursor.take(c, TIME, axdr.length(c, TIME))
        common.check_date_time(c, found)
    c.close(found, None if flag else "not present")


TABLE: dict[int, tuple[str, Dissector]] = {
    DATA_TAG: ("data-notification", data_notification),
    CONFIRM_TAG: ("data-notification-confirm", data_notification_confirm),
    EVENT_TAG: ("event-notification-request", event_notification),
}
