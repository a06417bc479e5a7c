"""The sandbox's own routes, outside the API: for benchmarks that run it as another process."""

from __future__ import annotations

import orjson

from gitlab_sync.sandbox.answer import Answer, json_answer
from gitlab_sync.sandbox.faults import fault_of
from gitlab_sync.sandbox.service import Service


class Control:
    """Answers below `/-/sandbox/`.

    GET `traffic` gives the summary, DELETE resets it; GET `exchanges` the latest exchanges. POST
    `faults` plants the fault (or list of faults) in the body, GET lists and DELETE clears them. PUT
    `latency` and PUT `node-latency` set them, in seconds.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer; 400 for a body that makes no sense, 404 for anything else."""
        what = path.rpartition("/")[2]
        try:
            answer = self._answer(method, what, body)
        except (ValueError, TypeError) as error:
            answer = json_answer({"error": str(error)}, 400)
        answer.plain = True
        return answer

    def _answer(self, method: str, what: str, body: bytes) -> Answer:
        service = self._service
        match method, what:
            case "GET", "traffic":
                return json_answer(service.traffic.summary())
            case "DELETE", "traffic":
                service.traffic.reset()
            case "GET", "exchanges":
                return json_answer(service.traffic.exchanges)
            case "GET", "faults":
                return json_answer(service.faults.summary())
            case "DELETE", "faults":
                service.faults.clear()
            case "POST", "faults":
                wanted = orjson.loads(body)
                for settings in wanted if isinstance(wanted, list) else [wanted]:
                    service.faults.add(fault_of(settings))
                return json_answer(service.faults.summary(), 201)
            case "PUT", "latency":
                service.latency = float(orjson.loads(body))
            case "PUT", "node-latency":
                service.node_latency = float(orjson.loads(body))
            case _:
                return json_answer({"error": "404 Not Found"}, 404)
        return Answer(204)
