class SignOn:
    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.phase = ""

    def feed(self, direction: int, octets: bytes, ns: int) -> int | None:
        return None

    def idle(self, ns: int) -> int | None:
        return None

    def doubt(self, errors: int) -> int | None:
        return None
