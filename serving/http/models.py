"""The models behind one server, by name: each with a queue of its own; the first answers where none is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Query

from bench.api import did_you_mean
from serving.collector import freeze_loaded
from serving.http.metrics import Metrics
from serving.http.rates import Rates
from serving.http.service import Service
from serving.http.settings import Settings
from serving.live_model import LiveModel


class Models:
    """What a server answers with; they share its counters and what a client may ask."""

    def __init__(self, live: Mapping[str, LiveModel], settings: Settings) -> None:
        self.metrics, self.rates = Metrics(), Rates(settings.rate_per_s, settings.burst)
        self.by_name = {name: Service(name, one, settings, self.metrics, self.rates) for name, one in live.items()}

    @property
    def first(self) -> Service:
        """The one that is meant where none is named."""
        return next(iter(self.by_name.values()))

    @property
    def ready(self) -> bool:
        """Whether all of them answer."""
        return all(service.ready for service in self.by_name.values())

    def named(self, name: str) -> Service:
        """The one of that name; 404 with the nearest for another name."""
        if name not in self.by_name:
            raise HTTPException(404, f"no model {name[:60]!r} here: {did_you_mean(name, self.by_name)}")
        return self.by_name[name]

    def chosen(self) -> Callable[..., Coroutine[Any, Any, Service]]:
        """A dependency of FastAPI: the one that the query names, `?model=NAME`, else the first."""
        names = {"enum": [*self.by_name]}
        query = Query(None, description="Which model; the first if left out.", json_schema_extra=names)

        async def service(model: str | None = query) -> Service:  # async, or each request would wait for a thread
            return self.first if model is None else self.named(model)

        return service

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Warm up, answer until the server stops, then answer what waits."""
        services = self.by_name.values()
        for service in services:
            await service.start()
        freeze_loaded()
        for service in services:
            service.ready = True
        yield
        await asyncio.gather(*(service.stop() for service in services))
