"""A meter for the demo captures: gurux-dlms (GPL-2.0) in the role of the server, on a TCP port or a serial line.

    python -m captures.demo.meter --interface wrapper --listen 4059 --inactivity 3 --push-to 4061
    python -m captures.demo.meter --interface hdlc --serial /dev/pts/7

gurux-dlms reads every request and makes what is sent: frames, check sequences, segments, blocks, AARE, values. This
file gives it objects, passwords and a transport, finds the object asked for (the request handlers of its Python server
call functions that it does not have), mends its RLRE, and adds bad manners: answers that come late, a link that it
ends. It prints "ready PORT" when it listens and ends when its input is closed.

Client 16 reads identification and clock without password; client 32 reads all with PASSWORD; client 48 does too, and
waits long for its association. Server address 1 (HDLC: lower address 17) answers. Any other address gets no answer.
"""

import argparse
import os
import select
import socket
import sys
import threading
import time
import tty
from typing import Any

from gurux_dlms import GXByteBuffer, GXDateTime, GXDLMSNotify, GXDLMSServer
from gurux_dlms._GXAPDU import _GXAPDU
from gurux_dlms.enums import (
    AccessMode,
    Authentication,
    Command,
    Conformance,
    DataType,
    ErrorCode,
    InterfaceType,
    ObjectType,
    RequestTypes,
    SourceDiagnostic,
)
from gurux_dlms.GXCiphering import GXCiphering
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSLNParameters import GXDLMSLNParameters
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects import GXDLMSAssociationLogicalName, GXDLMSHdlcSetup
from gurux_dlms.ValueEventArgs import ValueEventArgs

from captures.demo.objects import ASSOCIATION, CLOCK, FREQUENCY, LOAD, NAME, RELAY, SECRET, START, THRESHOLD, objects

PUBLIC, READING, SLOW_READING = 16, 32, 48
PASSWORD = b"Reader01"
SYSTEM_TITLE = b"CSC\0\0\0\0\1"
SERVERS = (1, 1 << 7 | 17)  # wPort or one-octet address; HDLC upper 1, lower 17
OPEN_TO_ALL = (NAME, CLOCK, ASSOCIATION)
WRITABLE = ((CLOCK, 2), (THRESHOLD, 2))
SNRM_CONTROL = 0x93
OUT = sys.stdout  # ours; gurux prints a remark for each ciphered APDU, which goes to standard error


def selected(rows: list[Any], selector: int, bounds: Any) -> list[Any]:
    """Rows by entry (selector 2: first and last, from 1) or by range (1: restricting object, first and last time)."""
    if bounds is None or selector not in (1, 2):
        return rows
    if selector == 2:
        return rows[bounds[0] - 1 : bounds[1]]
    first, last = (moment(bytes(octets)) for octets in bounds[1:3])
    return [row for row in rows if first <= tuple(row[0].value.timetuple()[:6]) <= last]


def moment(octets: bytes) -> tuple[int, ...]:
    """Year to second of a date-time (IEC 62056-6-2, 4.1.6.1), whose fifth octet is the day of week."""
    return (int.from_bytes(octets[:2], "big"), *octets[2:4], *octets[5:8])


class Limits(GXDLMSHdlcSetup):  # type: ignore[misc]
    """HDLC parameters under both sets of names that the server uses."""

    def __init__(self) -> None:
        super().__init__()
        self.maxInfoTX = self.maxInfoRX = 128
        self.windowSizeTX = self.windowSizeRX = 1


class Reply(GXByteBuffer):  # type: ignore[misc]
    """Where the server writes its answers. In an AARE its system title (A4 0A 04 08, eight octets) gets a wrong outer
    length and no inner one: that call without a value mends both."""

    def setUInt8(self, item: int | None = None, index: int | None = None) -> None:
        if item is None:
            super().setUInt8(2 + len(SYSTEM_TITLE), len(self) - 2)
            item = len(SYSTEM_TITLE)
        super().setUInt8(item, index)


class Meter(GXDLMSServer):  # type: ignore[misc]
    """The gurux server with our objects. answer() takes octets and gives the octets to send, or b""."""

    def __init__(
        self, interface: InterfaceType, slow_s: float, slow_association_s: float, max_pdu: int, own_release: bool
    ) -> None:
        super().__init__(True, interface)
        self.replyData = Reply()
        self.settings.cipher = GXCiphering(SYSTEM_TITLE)  # gurux's own keys: the example keys of the standard
        self.own_release = own_release
        self.slow_s = slow_s
        self.slow_association_s = slow_association_s
        self.hdlc = Limits()
        self.settings.hdlc.update = lambda other: None
        self.settings.maxServerPDUSize = max_pdu
        self.rest: Any = None  # what a block transfer has still to send
        self.asked, self.answered = b"", b""
        self.linked = True  # False: forgot its link
        association = GXDLMSAssociationLogicalName(ASSOCIATION)
        for item in (association, *objects()):
            self.items.append(item)
        association.objectList = self.items
        self.initialize()

    def forget(self) -> None:
        """Drops the link. What comes next gets DM, unless it is SNRM."""
        self.linked = False
        self.asked = self.answered = b""
        self.receivedData.clear()

    def answer(self, octets: bytes) -> bytes:
        """Feeds octets as they come. A frame that comes again gets the same answer again."""
        self.receivedData.set(octets)
        whole = bytes(self.receivedData.array())
        if whole == self.asked and self.answered and self.settings.interfaceType == InterfaceType.HDLC:
            self.receivedData.clear()
            return self.answered
        if not self.linked:
            if SNRM_CONTROL not in whole[:10]:
                self.receivedData.clear()
                return bytes(GXDLMS.getHdlcFrame(self.settings, Command.DISCONNECT_MODE, None))
            self.linked = True
            self.reset()
        fresh, expected = self.settings.serverAddress == 0, self.settings.receiverFrame
        try:
            GXDLMS.getData(self.settings, self.receivedData, self.info, None)
        except Exception as error:  # gurux says "Wrong CRC." and the like by a bare Exception
            print(f"meter: dropped {whole.hex()}: {error}", file=sys.stderr)
            self.receivedData.clear()
            self.info.clear()
            self.settings.receiverFrame = expected  # it counts a frame before it checks the FCS
            return b""
        if not self.info.complete:
            return b""
        self.receivedData.clear()
        if fresh and self.settings.serverAddress not in SERVERS:
            self.settings.serverAddress = self.settings.clientAddress = 0
            self.info.clear()
            return b""
        self.asked, self.answered = whole, self.turn()
        if not self.info.moreData & RequestTypes.FRAME:
            self.info.clear()
        return self.answered

    def turn(self) -> bytes:
        """The answer to one complete frame: a segment, RR, UA, or the first frame of a response."""
        command, hdlc = self.info.command, self.settings.interfaceType == InterfaceType.HDLC
        if self.info.moreData & RequestTypes.FRAME:
            return bytes(GXDLMS.getHdlcFrame(self.settings, self.settings.getReceiverReady(), self.replyData))
        frame = 0
        if command == Command.NONE:  # RR: the client wants the next segment, or knocks
            frame = self.settings.getNextSend(False) if self.replyData else self.settings.getReceiverReady()
        elif command == Command.SNRM:
            self.handleSnrmRequest(self.info.data)
            frame = Command.UA
        elif command == Command.DISCONNECT_REQUEST:
            linked = self.settings.connected != 0
            frame = Command.UA if linked else Command.DISCONNECT_MODE
        else:
            self.apdu(command, self.info.data)
        if hdlc:
            made = bytes(GXDLMS.getHdlcFrame(self.settings, frame, self.replyData))
        else:
            made = bytes(GXDLMS.getWrapperFrame(self.settings, command, self.replyData))
        if command in (Command.DISCONNECT_REQUEST, Command.RELEASE_REQUEST) and (
            not hdlc or command == Command.DISCONNECT_REQUEST
        ):
            self.reset()
        return made

    def apdu(self, command: int, asked: Any) -> None:
        if command == Command.AARQ:
            if self.settings.clientAddress == SLOW_READING:
                time.sleep(self.slow_association_s)
            self.handleAarqRequest(asked, None)
            self.settings.cipher.invocationCounter += 1  # the AARE used one
        elif command == Command.RELEASE_REQUEST:
            self.release(asked)
        elif command == Command.GET_REQUEST:
            self.get(asked)
        elif command == Command.SET_REQUEST:
            self.set(asked)
        elif command == Command.METHOD_REQUEST:
            self.act(asked)
        else:
            raise SystemExit(f"the reader asked for {command!r}, which this meter does not know")

    def release(self, asked: Any) -> None:
        """RLRE. The server's own has neither LLC header nor right lengths (own_release); else it is made here."""
        if self.own_release:
            self.handleReleaseRequest(asked)
            return
        information = bytes(_GXAPDU.getUserInformation(self.settings, self.settings.cipher))
        body = bytes((0x80, 1, 0, 0xBE, 2 + len(information), 4, len(information))) + information
        if self.settings.interfaceType == InterfaceType.HDLC:
            self.replyData.set(_GXCommon.LLC_REPLY_BYTES)
        self.replyData.set(bytes((0x63, len(body))) + body)

    def respond(self, command: int, kind: int, invoke: int, body: Any, status: int, again: bool = False) -> None:
        p = GXDLMSLNParameters(self.settings, invoke, command, kind, None, body, status)
        p.multipleBlocks = again
        GXDLMS.getLNPdu(p, self.replyData)
        if body is not None and body.position != body.size:
            self.settings.increaseBlockIndex()
            self.rest = body
        else:
            self.settings.resetBlockIndex()
            self.rest = None

    def target(self, asked: Any) -> tuple[Any, int]:
        class_id, name = asked.getUInt16(), bytearray(6)
        asked.get(name)
        found = self.items.findByLN(ObjectType(class_id), _GXCommon.toLogicalName(name))
        return found, asked.getUInt8()

    def value(self, asked: Any) -> tuple[int, Any]:
        """Result and encoded data of one attribute; reads the selector of a load profile."""
        found, attribute = self.target(asked)
        selector, bounds = 0, None
        if asked.getUInt8():
            selector = asked.getUInt8()
            bounds = _GXCommon.getData(self.settings, asked, _GXDataInfo())
        if found is None:
            return ErrorCode.UNDEFINED_OBJECT, None
        if self.access(found, attribute) == AccessMode.NO_ACCESS:
            return ErrorCode.READ_WRITE_DENIED, None
        if found.logicalName == FREQUENCY and attribute == 2:
            time.sleep(self.slow_s)
        event = ValueEventArgs(self, found, attribute, 0, None)
        event.server, event.isSkipMaxPduSize = self, True  # respond() makes the blocks
        out = GXByteBuffer()
        if found.logicalName == LOAD and attribute == 2:
            out.set(found.getData(self.settings, event, selected(found.buffer, selector, bounds), None))
        else:
            made = found.getValue(self.settings, event)
            coded = isinstance(made, (bytes, bytearray)) and found.getDataType(attribute) != DataType.OCTET_STRING
            if event.byteArray or coded or isinstance(made, GXByteBuffer):
                out.set(made)
            else:
                GXDLMS.appendData(self.settings, found, attribute, out, made)
        self.settings.setCount(0)
        self.settings.setIndex(0)
        return event.error, out

    def get(self, asked: Any) -> None:
        kind, invoke = asked.getUInt8(), asked.getUInt8()
        if kind == 2:
            self.respond(Command.GET_RESPONSE, 2, invoke, self.rest, ErrorCode.OK, again=True)
        elif kind == 3:
            count, out = asked.getUInt8(), GXByteBuffer()
            out.setUInt8(count)
            for _ in range(count):
                result, made = self.value(asked)
                out.setUInt8(0 if made else 1)
                if made:
                    out.set(made)
                else:
                    out.setUInt8(result)
            self.respond(Command.GET_RESPONSE, 3, invoke, out, 0xFF)
        else:
            self.settings.resetBlockIndex()
            result, made = self.value(asked)
            self.respond(Command.GET_RESPONSE, 1, invoke, made, result)

    def set(self, asked: Any) -> None:
        _, invoke = asked.getUInt8(), asked.getUInt8()
        found, attribute = self.target(asked)
        asked.getUInt8()
        written = _GXCommon.getData(self.settings, asked, _GXDataInfo())
        result = ErrorCode.OK
        if found is None:
            result = ErrorCode.UNDEFINED_OBJECT
        elif (found.logicalName, attribute) not in WRITABLE or self.access(found, attribute) == AccessMode.NO_ACCESS:
            result = ErrorCode.READ_WRITE_DENIED
        elif found.logicalName == THRESHOLD:
            found.value = written
        self.respond(Command.SET_RESPONSE, 1, invoke, None, result)

    def act(self, asked: Any) -> None:
        _, invoke = asked.getUInt8(), asked.getUInt8()
        found, method = self.target(asked)
        result, out = ErrorCode.OK, GXByteBuffer()
        if found is None:
            result = ErrorCode.UNDEFINED_OBJECT
        elif found.logicalName != RELAY or self.settings.clientAddress == PUBLIC:
            result = ErrorCode.READ_WRITE_DENIED
        else:
            found.outputState, found.controlState = method == 2, 1 if method == 2 else 0
        out.setUInt8(0)  # no return parameters
        self.respond(Command.METHOD_RESPONSE, 1, invoke, out, result)

    def access(self, found: Any, attribute: int) -> AccessMode:
        name = found.logicalName
        if name == SECRET or (self.settings.clientAddress == PUBLIC and name not in OPEN_TO_ALL):
            return AccessMode.NO_ACCESS
        return AccessMode.READ_WRITE if (name, attribute) in WRITABLE else AccessMode.READ

    # Asked by gurux-dlms, hence the names.
    def onGetAttributeAccess(self, arg: Any) -> AccessMode:
        return self.access(arg.target, arg.index)

    def onGetMethodAccess(self, arg: Any) -> int:
        return int(self.settings.clientAddress != PUBLIC)

    def onValidateAuthentication(self, authentication: Any, password: Any) -> SourceDiagnostic:
        if self.settings.clientAddress == PUBLIC and authentication == Authentication.NONE:
            return SourceDiagnostic.NONE
        if authentication == Authentication.NONE:
            return SourceDiagnostic.AUTHENTICATION_REQUIRED
        known = self.settings.clientAddress in (READING, SLOW_READING) and bytes(password or b"") == PASSWORD
        return SourceDiagnostic.NONE if known else SourceDiagnostic.AUTHENTICATION_FAILURE

    def onInvalidConnection(self, connectionInfo: Any) -> None:
        """The AARE says it."""


def push(port: int) -> None:
    """One DataNotification over a connection of its own: clock, energy, voltage."""
    notify = GXDLMSNotify(True, PUBLIC, 1, InterfaceType.WRAPPER)
    notify.settings.negotiatedConformance = Conformance.NONE
    body = GXByteBuffer()
    body.setUInt8(DataType.STRUCTURE)
    body.setUInt8(3)
    _GXCommon.setData(notify.settings, body, DataType.OCTET_STRING, GXDateTime(START))
    _GXCommon.setData(notify.settings, body, DataType.UINT32, 1234567)
    _GXCommon.setData(notify.settings, body, DataType.UINT16, 2304)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        for made in notify.generateDataNotificationMessages(START, body):
            line.sendall(bytes(made))
        line.shutdown(socket.SHUT_WR)
        line.recv(1)


def serve(line: socket.socket, meter: Meter, inactivity_s: float) -> None:
    """One connection until either side ends it; the meter ends it after a pause of inactivity_s."""
    with line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while select.select([line], [], [], inactivity_s)[0]:
            try:
                octets = line.recv(4096)
                if not octets:
                    return
                line.sendall(meter.answer(octets))
            except ConnectionError:
                return


def listen(port: int, options: argparse.Namespace, made: Any) -> None:
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", server.getsockname()[1], file=OUT, flush=True)
        while True:
            line, _ = server.accept()
            threading.Thread(target=serve, args=(line, made(), options.inactivity), daemon=True).start()


def serial(path: str, meter: Meter, inactivity_s: float) -> None:
    """A terminal for ever; after a pause of inactivity_s the meter forgets its link without a word."""
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    print("ready", path, file=OUT, flush=True)
    while True:
        if select.select([line], [], [], inactivity_s)[0]:
            os.write(line, meter.answer(os.read(line, 4096)))
        else:
            meter.forget()


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description="gurux-dlms as a meter")
    parser.add_argument("--interface", choices=("wrapper", "hdlc"), required=True)
    parser.add_argument("--listen", type=int, default=0, help="TCP port of loopback, 0: any")
    parser.add_argument("--serial", help="a terminal instead of TCP")
    parser.add_argument("--slow", type=float, default=0.0, help=f"seconds that the answer about {FREQUENCY} waits")
    parser.add_argument("--slow-association", type=float, default=0.0, help=f"seconds that client {SLOW_READING} waits")
    parser.add_argument("--inactivity", type=float, default=120.0, help="seconds after which the meter ends a link")
    parser.add_argument("--max-pdu", type=int, default=0xFFFF, help="largest APDU that the meter takes, in octets")
    parser.add_argument("--own-release", action="store_true", help="answer RLRQ as gurux-dlms does, faults and all")
    parser.add_argument("--push-to", type=int, default=0, help="send one DataNotification to this port and end")
    options = parser.parse_args()
    sys.stdout = sys.stderr
    if options.push_to:
        push(options.push_to)
        return
    interface = InterfaceType.WRAPPER if options.interface == "wrapper" else InterfaceType.HDLC

    def made() -> Meter:
        return Meter(interface, options.slow, options.slow_association, options.max_pdu, options.own_release)

    threading.Thread(target=end_with_input, daemon=True).start()
    if options.serial:
        serial(options.serial, made(), options.inactivity)
    else:
        listen(options.listen, options, made)


if __name__ == "__main__":
    main()
