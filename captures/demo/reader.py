"""A head-end for the demo captures: the gurux-dlms client (GPL-2.0), on a TCP connection or a serial line.

    python -m captures.demo.reader --interface wrapper --connect 4059 --session full
    python -m captures.demo.reader --interface hdlc --serial /dev/pts/8 --session full

Prints one JSON object a result: {"class_id", "obis", "attribute", "value"} or with "error" in place of the value;
octets as upper-case hex. --session names an entry of SESSIONS, a list of steps.
"""

import argparse
import json
import os
import select
import socket
import struct
import sys
import time
import tty
from collections.abc import Callable
from typing import Any

from gurux_dlms import GXByteBuffer, GXDateTime, GXDLMSClient, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, DataType, InterfaceType, Security
from gurux_dlms.objects import (
    GXDLMSAssociationLogicalName,
    GXDLMSClock,
    GXDLMSData,
    GXDLMSDisconnectControl,
    GXDLMSProfileGeneric,
    GXDLMSRegister,
)
from gurux_dlms.secure import GXDLMSSecureClient

OUT = sys.stdout  # ours; gurux prints a remark for each ciphered APDU, which goes to standard error
SYSTEM_TITLE, FIRST_COUNTER = b"HES\0\0\0\0\1", 1000

IMPORT, EXPORT = GXDLMSRegister("1.0.1.8.0.255"), GXDLMSRegister("1.0.2.8.0.255")
VOLTAGE, FREQUENCY = GXDLMSRegister("1.0.32.7.0.255"), GXDLMSRegister("1.0.14.7.0.255")
NAME, LABEL = GXDLMSData("0.0.42.0.0.255"), GXDLMSData("0.0.96.1.0.255")
SECRET, THRESHOLD = GXDLMSData("0.0.96.1.4.255"), GXDLMSData("0.0.96.1.1.255")
MISSING = GXDLMSData("0.0.96.1.9.255")
CLOCK, RELAY = GXDLMSClock("0.0.1.0.0.255"), GXDLMSDisconnectControl("0.0.96.3.10.255")
LOAD, OBJECTS = GXDLMSProfileGeneric("1.0.99.1.0.255"), GXDLMSAssociationLogicalName("0.0.40.0.0.255")


class Silence(Exception):
    """No answer within the time-out, after every attempt."""


def plain(value: Any) -> Any:
    """A value of gurux as JSON: octets as hex, times as text, numbers and lists as they are."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex().upper()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, GXDateTime):
        return str(value)
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)


class Reader:
    """The gurux client on a line. send and receive are those of a socket or a terminal."""

    def __init__(self, interface: InterfaceType, send: Callable[[bytes], object], receive: Callable[[], bytes]) -> None:
        self.interface, self.send, self.receive = interface, send, receive
        self.fileno: Any = None
        self.client: Any = None
        self.server, self.timeout_s, self.attempts = 1, 1.5, 2

    def be(self, client: int, password: str = "", server: int = 1, max_pdu: int = 0xFFFF) -> None:
        """Becomes client, from here on. In HDLC, server 1 is upper address 1, lower address 17."""
        if self.interface == InterfaceType.HDLC and server == 1:
            server = GXDLMSClient.getServerAddress(1, 17)
        low = Authentication.LOW if password else Authentication.NONE
        self.client = GXDLMSClient(True, client, server, low, password or None, self.interface)
        self.client.maxReceivePDUSize = max_pdu

    def cipher(self) -> None:
        """Ciphers and authenticates from here on, by gurux's own keys: the example keys of the standard."""
        who = self.client.clientAddress, self.client.serverAddress, Authentication.LOW, self.client.password
        self.client = GXDLMSSecureClient(True, *who, self.interface)
        self.client.ciphering.systemTitle = SYSTEM_TITLE
        self.client.ciphering.security = Security.AUTHENTICATION_ENCRYPTION
        self.client.ciphering.invocationCounter = FIRST_COUNTER

    def exchange(self, request: bytes, reply: Any) -> None:
        """Sends one frame, again after silence, and reads until gurux has a complete answer."""
        for _ in range(self.attempts):
            self.send(bytes(request))
            buffer, until = GXByteBuffer(), time.monotonic() + self.timeout_s
            while (left := until - time.monotonic()) > 0:
                if not select.select([self.fileno], [], [], left)[0]:
                    break
                octets = self.receive()
                if not octets:
                    raise ConnectionResetError("the meter ended the connection")
                buffer.set(octets)
                expected = self.client.settings.receiverFrame
                try:
                    if self.client.getData(buffer, reply):
                        return
                except GXDLMSException:
                    raise
                except Exception as error:  # gurux says "Wrong CRC." by a bare Exception
                    print(f"reader: {error}", file=sys.stderr)
                    buffer.clear()
                    self.client.settings.receiverFrame = expected  # it counts a frame before it checks the FCS
        raise Silence

    def ask(self, frames: Any) -> Any:
        """All of a request, then RR or get-next until the answer is whole."""
        reply = GXReplyData()
        for frame in frames if isinstance(frames, list) else [frames]:
            reply.clear()
            self.exchange(frame, reply)
        while reply.isMoreData():
            self.exchange(self.client.receiverReady(reply), reply)
        if reply.error:
            raise GXDLMSException(reply.error)
        return reply

    def associate(self) -> None:
        snrm = self.client.snrmRequest()
        if snrm:
            self.client.parseUAResponse(self.ask(snrm).data)
        self.client.parseAareResponse(self.ask(self.client.aarqRequest()).data)

    def release(self) -> None:
        self.ask(self.client.releaseRequest())
        self.hang_up()

    def hang_up(self) -> None:
        if self.interface == InterfaceType.HDLC:
            self.ask(self.client.disconnectRequest(True))

    def read(self, target: Any, attribute: int, frames: Any = None) -> None:
        found = {"class_id": int(target.objectType), "obis": target.logicalName, "attribute": attribute}
        try:
            found["value"] = plain(self.ask(frames or self.client.read(target, attribute)).value)
        except GXDLMSException as refused:
            found["error"] = str(refused)
        print(json.dumps(found), file=OUT, flush=True)

    def several(self, *wanted: Any) -> None:
        """Reads a list of (object, attribute) with one request."""
        values = []
        for frame in self.client.readList(list(wanted)):
            reply = self.ask(frame)
            values += list(reply.value)
        for (target, attribute), value in zip(wanted, values, strict=True):
            found = {"class_id": int(target.objectType), "obis": target.logicalName, "attribute": attribute}
            print(json.dumps({**found, "value": plain(value)}), file=OUT, flush=True)

    def write(self, target: Any, attribute: int, value: Any, kind: DataType) -> None:
        target.setDataType(attribute, kind)
        target.value = value
        found = {"class_id": int(target.objectType), "obis": target.logicalName, "attribute": attribute}
        try:
            self.ask(self.client.write(target, attribute))
            print(json.dumps({**found, "written": plain(value)}), file=OUT, flush=True)
        except GXDLMSException as refused:
            print(json.dumps({**found, "error": str(refused)}), file=OUT, flush=True)

    def act(self, target: Any, method: int) -> None:
        self.ask(self.client.method(target, method, 0, DataType.INT8))
        print(json.dumps({"obis": target.logicalName, "method": method}), file=OUT, flush=True)

    def entries(self, first: int, count: int) -> None:
        LOAD.captureObjects = []
        self.read(LOAD, 2, self.client.readRowsByEntry(LOAD, first, count))


def identify(reader: Reader) -> None:
    """Client 16, no password: what the meter tells everyone, and one thing that it does not."""
    reader.be(16)
    reader.associate()
    reader.read(NAME, 2)
    reader.read(CLOCK, 2)
    reader.read(IMPORT, 2)
    reader.release()


def ciphered(reader: Reader) -> None:
    """Client 32 in a ciphered context: authenticated and encrypted, suite 0, global unicast key."""
    reader.be(32, "Reader01")
    reader.cipher()
    reader.associate()
    reader.read(NAME, 2)
    reader.read(IMPORT, 3)
    reader.read(IMPORT, 2)
    reader.read(LOAD, 2)
    reader.read(SECRET, 2)
    reader.release()


def full(reader: Reader, max_pdu: int = 0xFFFF) -> None:
    """Client 32: values with scaler and unit, a list, the load profile, the object list, a write, a method."""
    reader.be(32, "Reader01", max_pdu=max_pdu)
    reader.associate()
    reader.read(NAME, 2)
    for item in (IMPORT, EXPORT, VOLTAGE):
        reader.read(item, 3)
        reader.read(item, 2)
    reader.read(CLOCK, 2)
    reader.read(LABEL, 2)
    reader.read(RELAY, 2)
    reader.several((IMPORT, 2), (EXPORT, 2), (THRESHOLD, 2))
    reader.read(LOAD, 3)
    reader.read(LOAD, 2)
    reader.entries(3, 4)
    reader.read(OBJECTS, 2)
    reader.write(THRESHOLD, 2, 12, DataType.UINT16)
    reader.read(THRESHOLD, 2)
    reader.act(RELAY, 1)
    reader.act(RELAY, 2)
    reader.read(SECRET, 2)
    reader.read(MISSING, 2)
    reader.write(LABEL, 2, "OTHER", DataType.STRING)
    reader.release()


def blocks(reader: Reader) -> None:
    full(reader, 160)


def late(reader: Reader) -> None:
    """The answer about the frequency comes late, still within the reader's patience."""
    reader.timeout_s = 6.0
    reader.be(32, "Reader01")
    reader.associate()
    reader.read(VOLTAGE, 2)
    reader.read(FREQUENCY, 2)
    reader.read(VOLTAGE, 2)
    reader.release()


def slow(reader: Reader) -> None:
    """Client 48 waits long for its association."""
    reader.timeout_s = 10.0
    reader.be(48, "Reader01")
    reader.associate()
    reader.read(VOLTAGE, 2)
    reader.release()


def rejected(reader: Reader) -> None:
    """A wrong password."""
    reader.be(32, "Reader99")
    try:
        reader.associate()
    except GXDLMSException as refused:
        print(json.dumps({"association": str(refused)}), file=OUT, flush=True)
    reader.hang_up()


def reserved(reader: Reader) -> None:
    """A reserved server address: nobody answers, the reader tries twice."""
    reader.be(32, "Reader01", server=5)
    try:
        reader.associate()
    except Silence:
        print(json.dumps({"association": "no answer"}), file=OUT, flush=True)


def idle(reader: Reader) -> None:
    """A pause longer than the meter's patience: the meter ends the link, the next request meets a closed port."""
    reader.be(16)
    reader.associate()
    reader.read(NAME, 2)
    time.sleep(5.0)
    try:
        reader.read(NAME, 2)
    except (ConnectionError, Silence) as ended:
        print(json.dumps({"ended": str(ended)}), file=OUT, flush=True)


def reset(reader: Reader) -> None:
    """The reader gives up without a word: its side answers what still comes with RST."""
    reader.be(16)
    reader.associate()
    reader.read(NAME, 2)
    reader.fileno.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def unlinked(reader: Reader) -> None:
    """A pause longer than the meter's patience: the meter drops the link, and says so when asked."""
    reader.be(16)
    reader.associate()
    reader.read(NAME, 2)
    time.sleep(8.0)
    reader.read(NAME, 2)


def noisy(reader: Reader) -> None:
    """The line loses and damages frames; the reader repeats."""
    reader.attempts = 4
    reader.be(32, "Reader01")
    reader.associate()
    reader.read(VOLTAGE, 2)
    reader.read(IMPORT, 2)
    reader.read(EXPORT, 2)
    reader.read(LOAD, 2)
    reader.release()


SESSIONS: dict[str, Callable[[Reader], None]] = {
    made.__name__: made
    for made in (identify, ciphered, full, blocks, late, slow, rejected, reserved, idle, reset, unlinked, noisy)
}


def await_push(port: int) -> None:
    """Takes one connection and prints what the meter pushes, as gurux understands it."""
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", server.getsockname()[1], file=OUT, flush=True)
        line, _ = server.accept()
        with line:
            buffer, reply, notify = GXByteBuffer(), GXReplyData(), GXReplyData()
            while octets := line.recv(4096):
                buffer.set(octets)
            client = GXDLMSClient(True, 16, 1, Authentication.NONE, None, InterfaceType.WRAPPER)
            client.getData(buffer, reply, notify)
            pushed = notify.value if notify.value is not None else reply.value
            print(json.dumps({"push": plain(pushed)}), file=OUT, flush=True)
    sys.stdin.read()


def main() -> None:
    parser = argparse.ArgumentParser(description="gurux-dlms as a head-end")
    parser.add_argument("--interface", choices=("wrapper", "hdlc"), required=True)
    parser.add_argument("--connect", type=int, help="TCP port of loopback")
    parser.add_argument("--serial", help="a terminal instead of TCP")
    parser.add_argument("--session", choices=sorted(SESSIONS), action="append", default=[])
    parser.add_argument("--await-push", type=int, metavar="PORT", help="take one push on this port of loopback, 0: any")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between sessions")
    options = parser.parse_args()
    sys.stdout = sys.stderr
    interface = InterfaceType.WRAPPER if options.interface == "wrapper" else InterfaceType.HDLC
    if options.await_push is not None:
        await_push(options.await_push)
        return
    if options.serial:
        line = os.open(options.serial, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(line)
        for session in options.session:
            reader = Reader(interface, lambda octets: os.write(line, octets), lambda: os.read(line, 4096))
            reader.fileno = line
            SESSIONS[session](reader)
            time.sleep(options.pause)
        return
    for session in options.session:
        with socket.create_connection(("127.0.0.1", options.connect)) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = Reader(interface, wire.sendall, lambda: wire.recv(4096))
            reader.fileno = wire
            SESSIONS[session](reader)
        time.sleep(options.pause)


if __name__ == "__main__":
    main()
