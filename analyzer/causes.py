"""Causes of a failed attempt, ranked by the evidence that the capture holds for them.

A table per failed step: a test on the attempt and the line as a whole, the words, the weight.
"""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from analyzer.explain import Attempt, Autopsy


class Cause(msgspec.Struct):
    """text: what to suspect; evidence: what in the capture speaks for it; weight: 0 to 100."""

    text: str
    evidence: str
    weight: int


# What the meter itself said: substring of the step's words -> (suspicion, weight).
SAID = (
    ("authentication-failure", "the password or HLS secret is wrong for this client", 95),
    ("authentication-mechanism-name-not-recog", "the meter does not know the authentication mechanism asked for", 95),
    ("authentication-mechanism-name-required", "the meter wants authentication; the client sent none", 95),
    ("authentication-required", "the meter wants authentication; the client sent none", 90),
    ("application-context-name-not-supported", "the meter does not support this context (LN/SN, ciphered or not)", 95),
    ("calling-AP-title-not-recognized", "the meter does not accept the client's system title", 95),
    ("no-reason-given", "the meter refuses without a reason: wrong client SAP, password or locked out", 60),
    ("read-write-denied", "this client has no right to this attribute: use another client or authentication", 95),
    ("object-undefined", "the meter has no such object: check OBIS code and class", 95),
    ("object-unavailable", "the object exists but is not available now", 85),
    ("object-class-inconsistent", "the object exists with another class id", 95),
    ("scope-of-access-violated", "this client may not see this object", 90),
    ("type-unmatched", "the data type written is not the attribute's", 95),
    ("temporary-failure", "the meter is busy; repeat later", 80),
    ("hardware-fault", "the meter reports a hardware fault", 90),
    ("service-not-allowed", "the association does not allow this service", 85),
    ("service-unknown", "the meter does not know this service", 85),
    ("invocation-counter-error", "the client's invocation counter is behind: replay protection", 95),
    ("deciphering-error", "the meter cannot decipher: wrong key or system title", 95),
    ("incompatible-conformance", "none of the services proposed is supported", 90),
    ("dlms-version-too-low", "the meter does not accept the DLMS version proposed", 90),
    ("pdu-size-too-short", "the client's maximum PDU size is too small", 90),
    ("DM", "the meter has no link for this address pair, or dropped it (inactivity, full)", 80),
)

SILENT = ("without answer", "no answer")  # words of a step that waits for what never came


def causes(attempt: "Attempt", line: "Autopsy") -> list[Cause]:
    """Suspicions for the first failed step, most likely first; empty when nothing failed."""
    if not attempt.failed:
        return []
    step = attempt.step(attempt.failed)
    out = [Cause(text, f"the meter said: {step.text}", weight) for word, text, weight in SAID if word in step.text]
    out = out[:1]
    if "not seen" in step.text:
        out = [Cause("the client gave up there, or the capture ends too early", step.text, 60)]
    elif attempt.failed == "authentication" and not any(word in step.text for word in SILENT):
        out = [Cause("the HLS secret or key is wrong, or the challenge was answered over other octets", step.text, 95)]
    if any(word in step.text for word in SILENT):
        out += _silence(attempt, line)
    if attempt.failed == "line":
        out.append(Cause("the tap hears one wire only, or the other side is silent", step.text, 80))
    if line.bad_frames:
        share = 100 * line.bad_frames // max(1, line.bad_frames + line.good_frames)
        evidence = f"{line.bad_frames} frames with a bad check sequence ({share} %)"
        out.append(Cause("the line is disturbed: wrong format, noise or collisions", evidence, min(90, 20 + share)))
    if line.octets and line.noise_octets * 5 > line.octets:
        evidence = f"{line.noise_octets} of {line.octets} octets are outside any frame"
        out.append(Cause("the line carries something else: wrong baud rate or another protocol", evidence, 50))
    return sorted(out, key=lambda c: -c.weight)


def _silence(attempt: "Attempt", line: "Autopsy") -> list[Cause]:
    """Why a meter may not answer at all."""
    out = []
    answered = any(s.state == "ok" for s in attempt.steps if s.name != "line")
    others = line.reached > (attempt.reached not in ("", "line"))
    if attempt.failed in ("link", "association") and not answered:
        where = f"server {attempt.server}" + (f", physical {attempt.physical}" if attempt.physical is not None else "")
        weight = 85 if others else 65
        evidence = "other addresses on this line are answered" if others else "nothing answers"
        out.append(Cause(f"no device answers at this address ({where}): wrong or reserved address", evidence, weight))
    if not line.heard[1]:
        evidence = "no frame of any server in the whole capture"
        out.append(Cause("meter off, not connected, wrong baud rate, or its wire is not tapped", evidence, 75))
    elif answered:
        out.append(Cause("the meter is too slow or lost the request", "earlier requests were answered", 60))
    return out
