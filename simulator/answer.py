"""What goes back over the wire."""

import json as jsonlib
from dataclasses import dataclass, field


@dataclass
class Answer:
    """An HTTP answer.

    :ivar wire: ``whole``; ``half`` (all headers, half of the body, then the end); ``cut`` (nothing at all)
    :ivar delay: seconds to wait before anything is sent
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict = field(default_factory=dict)
    wire: str = "whole"
    delay: float = 0

    @classmethod
    def json(cls, status, data, **headers):
        return cls(status, jsonlib.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), headers=headers)
