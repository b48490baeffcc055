"""The model of this folder as a function of AWS Lambda: handler `handler.handler`.

It takes what `python -m serving http` takes, `{"text": …}` or `{"texts": […]}`, by itself or as the body of a function
URL or of API Gateway.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from classifier import Classifier  # type: ignore[import-not-found]

CLASSIFIER = Classifier()
"""Loaded once, when a machine starts."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The answer: of an HTTP request with its status; else the predictions, and an error for what is malformed."""
    if "body" not in event:
        status, answer = CLASSIFIER.answer(event)
        if status != 200:
            raise ValueError(answer["detail"])
        return dict(answer)
    content = event["body"] or ""
    try:
        body = json.loads(base64.b64decode(content) if event.get("isBase64Encoded") else content)
    except (ValueError, RecursionError):
        status, answer = 400, {"detail": "the body is not JSON in UTF-8"}
    else:
        status, answer = CLASSIFIER.answer(body)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
