"""A gate that writes one record after another and fences nobody: python -m tests.chaos.broken_gate."""

import asyncio

from services.gate.__main__ import main
from services.relay import relay
from services.runtime import log
from tests.chaos.engine import Untransacted

if __name__ == "__main__":
    log.configure("gate")
    setattr(relay, "KafkaLog", Untransacted)  # noqa: B010 - a fault injected into a module that exports no such name
    asyncio.run(main())
