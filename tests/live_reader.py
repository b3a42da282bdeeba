"""The head-end of captures/demo with high level security and every suite: `python -m tests.live_reader`.

Each line of its input is a port and a Spec. It runs the session, prints what it got, a line a result, then "done" or
"failed" with the words of the exception.
"""

import socket
import sys
from datetime import timedelta
from typing import Any

from gurux_dlms import GXDLMSClient
from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
from gurux_dlms.enums import Conformance, DataType, InterfaceType
from gurux_dlms.secure import GXDLMSSecureClient

from captures.demo import reader as demo
from captures.demo.objects import START
from tests.live_spec import CLIENT, NONE, PUBLIC_CLIENT, Spec, read

LONG_TEXT = bytes(range(200))


class SecureReader(demo.Reader):
    def become(self, spec: Spec) -> None:
        """Becomes the client that the Spec describes."""
        server = GXDLMSClient.getServerAddress(1, 17) if spec.interface == "hdlc" else 1
        secret = spec.secret if spec.authentication != NONE else None
        client = PUBLIC_CLIENT if spec.authentication == NONE and not spec.policy else CLIENT
        self.client = GXDLMSSecureClient(True, client, server, spec.authentication, secret, self.interface)
        self.client.maxReceivePDUSize = spec.max_pdu
        cipher = self.client.ciphering
        cipher.systemTitle, cipher.security, cipher.securitySuite = spec.titles[0], spec.policy, spec.suite
        cipher.blockCipherKey, cipher.authenticationKey = spec.key("encryption"), spec.key("authentication")
        cipher.invocationCounter = 1000 * spec.number
        keys = [GXPrivateKey.fromRawBytes(spec.private(side)) for side in ("client", "server")]
        cipher.signingKeyPair = keys[1].getPublicKey(), keys[0]
        self.client.useProtectedRelease = bool(spec.policy and spec.long)
        if spec.dedicated:
            cipher.dedicatedKey = spec.key("dedicated")
        wanted = self.client.proposedConformance
        if not spec.general:
            wanted &= ~Conformance.GENERAL_PROTECTION
        self.client.proposedConformance = wanted | (Conformance.GENERAL_BLOCK_TRANSFER if spec.gbt else 0)

    def exchange(self, request: bytes, reply: Any) -> None:
        """Its acknowledgement of a general block reads the block number from where nothing ever puts it."""
        super().exchange(request, reply)
        self.client.settings.blockNumber = self.client.settings.blockIndex

    def associate(self) -> None:
        super().associate()
        if self.client.isAuthenticationRequired:
            replied = self.ask(self.client.getApplicationAssociationRequest())
            self.client.parseApplicationAssociationResponse(replied.data)

    def session(self, spec: Spec) -> None:
        """What every session does, and with "long" all services, selective access and blocks in both directions."""
        self.become(spec)
        self.associate()
        self.read(demo.NAME, 2)
        self.read(demo.CLOCK, 2)
        if self.client.clientAddress != PUBLIC_CLIENT:
            self.read(demo.IMPORT, 3)
            self.read(demo.IMPORT, 2)
            self.write(demo.THRESHOLD, 2, spec.number % 100, DataType.UINT16)
            self.read(demo.THRESHOLD, 2)
            self.act(demo.RELAY, 1)
            self.entries(3, 2)
            if spec.long:
                self.everything()
        self.read(demo.SECRET, 2)
        self.release()

    def everything(self) -> None:
        self.several((demo.IMPORT, 2), (demo.EXPORT, 2), (demo.THRESHOLD, 2))
        self.read(demo.LOAD, 3)
        self.read(demo.LOAD, 2)
        demo.LOAD.captureObjects = []
        quarter = timedelta(minutes=15)
        self.read(demo.LOAD, 2, self.client.readRowsByRange(demo.LOAD, START + 2 * quarter, START + 5 * quarter))
        self.read(demo.OBJECTS, 2)
        if not self.client.negotiatedConformance & Conformance.GENERAL_BLOCK_TRANSFER:
            self.write(demo.THRESHOLD, 2, LONG_TEXT, DataType.OCTET_STRING)
            self.read(demo.THRESHOLD, 2)
        self.act(demo.RELAY, 2)
        self.read(demo.MISSING, 2)


def run(port: int, spec: Spec) -> None:
    interface = InterfaceType.HDLC if spec.interface == "hdlc" else InterfaceType.WRAPPER
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = SecureReader(interface, wire.sendall, lambda: wire.recv(4096))
        reader.fileno = wire
        reader.session(spec)


def main() -> None:
    out = demo.OUT
    sys.stdout = sys.stderr
    for line in sys.stdin:
        port, _, spec = line.partition(" ")
        try:
            run(int(port), read(spec))
            print("done", file=out, flush=True)
        except Exception as error:  # gurux raises many kinds; the test names each
            import traceback

            traceback.print_exc()
            print(f"failed {type(error).__name__}: {error}", file=out, flush=True)


if __name__ == "__main__":
    main()
