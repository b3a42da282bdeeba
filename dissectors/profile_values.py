"""Base and value types of the profile's tables: ranges, closed word lists, key patterns."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Line = Annotated[str, Meta(min_length=1)]
Clause = Annotated[str, Meta(pattern=r"^([0-9]{1,2}(\.[0-9]{1,2})*|[AB](\.[0-9]{1,2})?|title|introduction)$")]
Obis = Annotated[
    str, Meta(pattern=r"^[0-9a-z]{1,3}-[0-9a-z]{1,3}:[0-9a-z]{1,3}\.[0-9a-z]{1,3}\.[0-9a-z]{1,3}\*[0-9a-z]{1,3}$")
]
AttributeKey = Annotated[str, Meta(pattern=r"^\d{1,5}\.\d{1,3}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[int, Meta(ge=0, le=0xFFFF)]
ClassId = Annotated[int, Meta(ge=0, le=0xFFFF)]
Octet = Annotated[int, Meta(ge=0, le=255)]
Percent = Annotated[float, Meta(gt=0, le=100)]
Subject = Literal["server", "client", "network"]
SeverityName = Literal["error", "warning", "note"]
Confidence = Literal["A", "B", "C"]
Service = Literal[
    "association", "release", "get", "set", "action", "read", "write", "access", "data-notification",
    "event-notification", "information-report", "unconfirmed-write", "block", "exception", "any",
]  # fmt: skip
ConformanceBit = Literal[
    "general-protection", "general-block-transfer", "read", "write", "unconfirmed-write", "delta-value-encoding",
    "attribute0-supported-with-set", "priority-mgmt-supported", "attribute0-supported-with-get",
    "block-transfer-with-get-or-read", "block-transfer-with-set-or-write", "block-transfer-with-action",
    "multiple-references", "information-report", "data-notification", "access", "parameterized-access", "get", "set",
    "selective-access", "event-notification", "action",
]  # fmt: skip
ContextName = Literal["ln", "sn", "ln-ciphered", "sn-ciphered"]
MechanismName = Literal[
    "none", "lls", "hls", "hls-md5", "hls-sha1", "hls-gmac", "hls-sha256", "hls-ecdsa", "manufacturer"
]  # fmt: skip
Policy = Literal["none", "authenticated", "encrypted", "authenticated-encrypted", "digitally-signed"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: immutable, unknown keys refused."""
